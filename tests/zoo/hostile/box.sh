# One run of plain `otter run` in a box: see on_plain.py. It is started in new namespaces of mounts and processes.
# Arguments: a folder with box/, case/ and out/; the project; the planted world; Python; the submission; seconds.
set -eu
folder=$1 project=$2 world=$3 python=$4 submission=$5 limit=$6
box=$folder/box root=$folder/box/root user=1000
mount -t tmpfs -o size=4G none "$box"
mkdir "$box/upper" "$box/work" "$root"
mount -t overlay none -o "lowerdir=/,upperdir=$box/upper,workdir=$box/work" "$root"
for name in dev sys proc; do mount --rbind "/$name" "$root/$name"; done
mount -t tmpfs none "$root/dev/shm"

# An ordinary user, whose files these are.
chmod o+x "$root/root"
packages=$(dirname "$("$python" -c 'import numpy; print(numpy.__path__[0])')")
mkdir "$root/tmp/case" "$root/tmp/home"
cp "$folder"/case/* "$root/tmp/case"
for name in autograder assignment solutions; do chown -R $user:$user "$root$project/$name"; done
chown $user:$user "$root$packages" "$root$packages/numpy"
chown -R $user:$user "$root$world" "$root/tmp/case" "$root/tmp/home"
touch "$box/start"

status=0
chroot "$root" setpriv --reuid $user --regid $user --clear-groups env HOME=/tmp/home sh -c "
    cd /tmp/case; mkdir out; ulimit -v 16000000
    exec timeout --kill-after 5 $limit $python -m otter run -a autograder.zip -o out $submission" \
    >"$folder/out/stdout" 2>"$folder/out/stderr" || status=$?
echo $status >"$folder/out/status"
sleep 2  # what outlives grading gets time to show
pgrep -a -u $user >"$folder/out/processes" || true
for path in tmp/case/out/results.json tmp/loot; do
    if [ -f "$root/$path" ]; then cp "$root/$path" "$folder/out"; fi
done
cd "$box/upper"
find . -newercm "$box/start" -not -type d -not -path './tmp/case/*' -not -path './tmp/home/*' | sed 's/^\.//' >"$folder/out/changed"

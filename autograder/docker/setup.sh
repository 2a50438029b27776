#!/usr/bin/env bash
# Makes the grading environment, /opt/tiny-vgg: what requirements.txt pins, and CIFAR-10. Runs in `docker build` of `make image`;
# again in Otter's build on that image, where it finds its work done; and on Gradescope, or under Otter's default image.
set -euo pipefail
source=/autograder/source # Gradescope runs a copy of this script, elsewhere
home=/opt/tiny-vgg

if cmp --silent "$source/requirements.txt" "$home/requirements.txt"; then
    echo "$home holds these requirements already."
    exit 0
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update
python=
for version in 3.11 3.12 3.13; do # the first that this system has
    if apt-get install -y --no-install-recommends "python$version-venv" libseccomp2 ca-certificates; then
        python=python$version
        break
    fi
done
if [ -z "$python" ]; then
    echo "error: this system has no Python 3.11, 3.12 or 3.13; choose an image with one, such as Ubuntu 22.04 or Debian 12" >&2
    exit 1
fi

# Below /opt, not /root: the student's kernel runs as a user of its own.
"$python" -m venv "$home"
"$home/bin/python" -m pip install --no-cache-dir --disable-pip-version-check -r "$source/requirements.txt"

# Drawing needs a list of fonts, and makes it where there is none.
XDG_CACHE_HOME=$home/cache "$home/bin/python" -c "import matplotlib.font_manager"
if [ ! -d "$home/cache/tiny-vgg-practical" ]; then
    KERAS_HOME=$home/keras timeout 900 "$home/bin/python" -c "from keras.datasets import cifar10; cifar10.load_data()" ||
        echo "CIFAR-10 could not be fetched: run records will be read, not evaluated."
fi
if [ -d "$source/files" ]; then # Gradescope's build has them, Otter's not yet: there each container decodes the data
    KERAS_HOME=$home/keras XDG_CACHE_HOME=$home/cache PYTHONPATH=$source/files "$home/bin/python" -c \
        "from autograder import assignment; print('Grading with', assignment.current().data().source, 'data.')"
fi
chmod -R a+rX "$home"
cp "$source/requirements.txt" "$home/" # last: the environment is complete

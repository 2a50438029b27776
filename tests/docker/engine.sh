#!/usr/bin/env bash
# Docker on a Debian machine, from nothing: the engine and its buildx from packages, the daemon by hand where no init starts
# it, and base images. Run as root; what is there already is left alone.
#
#   engine.sh install_all  packages
#   engine.sh start        the daemon, if none answers
#   engine.sh bases        debian:bookworm-slim and ubuntu:22.04, pulled, or made by debootstrap where no registry is in reach
#   engine.sh stop         the daemon that `start` has started
set -euo pipefail
pid_file=/run/tiny-vgg-dockerd.pid
log=/var/log/tiny-vgg-dockerd.log
plugins=/usr/libexec/docker/cli-plugins

install_all() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends docker.io debootstrap iptables ca-certificates shellcheck
    docker buildx version 2>/dev/null && return
    apt-get install -q -y --no-install-recommends docker-buildx 2>/dev/null && return
    # Debian 12 has none: that of Debian 13 is one program that needs nothing else.
    local folder
    folder=$(from_trixie docker-buildx)
    install -D -m 755 "$folder$plugins/docker-buildx" "$plugins/docker-buildx"
    docker buildx version
}

from_trixie() { # unpacks a package of Debian 13, checked by apt against Debian's keys; prints where
    local folder
    folder=$(mktemp -d)
    mkdir -p "$folder/lists/partial" "$folder/cache"
    local mirror # of this machine's own packages
    # shellcheck disable=SC2016 # the fields are apt's and awk's
    mirror=$(apt-get indextargets --format '$(ORIGIN) $(SUITE) $(REPO_URI)' | awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$folder/list"
    chmod 755 "$folder"
    (
        cd "$folder"
        options=(-o "Dir::Etc::SourceList=$folder/list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$folder/lists"
            -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User=root)
        apt-get -q "${options[@]}" update
        apt-get -q "${options[@]}" download "$1"
        dpkg-deb -x "$1"_*.deb root
    ) >&2
    echo "$folder/root"
}

start() {
    docker info >/dev/null 2>&1 && return
    nohup dockerd >"$log" 2>&1 &
    echo $! >"$pid_file"
    for _ in $(seq 60); do
        docker info >/dev/null 2>&1 && return
        sleep 0.5
    done
    tail -20 "$log" >&2
    return 1
}

stop() {
    [ -f "$pid_file" ] || return 0
    kill "$(cat "$pid_file")"
    rm "$pid_file"
}

bases() {
    base debian:bookworm-slim bookworm /usr/share/keyrings/debian-archive-keyring.gpg
    base ubuntu:22.04 jammy ubuntu
}

base() { # name, suite, keys
    docker image inspect "$1" >/dev/null 2>&1 && return
    timeout 120 docker pull -q "$1" 2>/dev/null && return
    echo "no registry in reach: $1 is made by debootstrap"
    local folder keys=$3
    folder=$(mktemp -d)
    [ "$keys" = ubuntu ] && keys=$(from_trixie ubuntu-keyring)/usr/share/keyrings/ubuntu-archive-keyring.gpg
    debootstrap --variant=minbase --keyring="$keys" "$2" "$folder" >"$folder.log"
    if [ "$2" = jammy ]; then # as in Ubuntu's own image
        local mirror
        mirror=$(awk '{ print $2; exit }' "$folder/etc/apt/sources.list")
        for suite in jammy jammy-updates jammy-security; do
            echo "deb $mirror $suite main universe"
        done >"$folder/etc/apt/sources.list"
    fi
    rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/*
    local change=()
    if [ -n "${PIP_CERT:-}" ]; then # a proxy that pip must trust; apart from the image's own bundle
        install -D -m 644 "$PIP_CERT" "$folder/usr/local/share/pip/ca.crt"
        change=(--change "ENV PIP_CERT=/usr/local/share/pip/ca.crt")
    fi
    tar -C "$folder" -c . | docker import "${change[@]}" - "$1"
    rm -rf "$folder" "$folder.log"
}

"$@"

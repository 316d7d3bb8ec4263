#!/bin/sh
# Makes one layer of an environment's image, in a container of the image below: `sh image.sh LAYER`.
# workers/environments/docker.py lays what it is made from in /opt/lab/source, npm packages in the environment itself; what the
# container has changed at the end is the layer. A line that begins with `::` tells how far it is. Only `python` and `system` have a network.
set -eu
source=/opt/lab/source
env=/opt/lab/env
uv() { "$source/uv" --quiet --offline --no-cache "$@"; }
wheels() {
    find "$source/wheelhouse" -name '*.whl' -exec \
        "$source/uv" --quiet --offline --no-cache pip install --no-index --no-deps --python "$env" {} +
}
debian() {
    export DEBIAN_FRONTEND=noninteractive PATH="$PATH:/usr/sbin:/sbin"
    . "$source/proxy.sh"
    mkdir -p /usr/share/man/man1 # Java's package fails without, and slim images have none
    apt-get update
    apt-get install -y --no-install-recommends "$@"
    rm -rf /var/lib/apt/lists/*
}
export HOME=/tmp
mkdir -p "$source/wheelhouse"

case $1 in
python)
    debian python3
    ;;
common)
    uv venv --relocatable --python /usr/bin/python3 "$env"
    wheels
    echo ":: 0.3"
    python "$source/finish.py"
    python "$source/finish.py" --seal
    ;;
system)
    # shellcheck disable=SC2046 -- a list of names
    debian $(cat "$source/debian.txt")
    ;;
environment)
    if [ -s "$source/extraneous.txt" ]; then uv pip uninstall --python "$env" -r "$source/extraneous.txt"; fi
    wheels
    uv pip check --python "$env"
    echo ":: 0.4"
    python "$source/finish.py"
    echo ":: 0.8"
    mv "$source/environment" /opt/lab/build
    cd "$env"
    echo ":: build lines"
    bash -eu "$source/build.sh"
    cd /
    rm -rf /opt/lab/build
    python "$source/finish.py" --seal
    ;;
kit) # compiled here: the root of a sandbox is read-only
    mkdir -p /opt/lab/kit
    mv "$source/kit" /opt/lab/kit/labkit
    /usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash /opt/lab/kit
    chmod -R a+rX /opt/lab/kit
    ;;
esac
find /tmp -mindepth 1 -delete
rm -rf "$source"

#!/usr/bin/env bash
# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Lays a Python of a later Debian where pyenv would have put it, for a machine that reaches packages alone: fetch_python.sh VERSION SUITE, as in 3.14 forky.
# Its own C library and all others come along in its folder, so that it runs on hosts of Debian 12. Wants patchelf.
set -euo pipefail
version=$1 suite=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/lists/partial "$work"/cache/archives/partial "$work"/packages "$work"/root
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${LAB_MIRROR:-http://deb.debian.org/debian} $suite main" >"$work/sources.list"
cd "$work/packages"
apt() {
    apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$work/lists" \
        -o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root "$@"
}
apt update
apt download "python$version"-{minimal,venv} "libpython$version"-{minimal,stdlib} python3-pip-whl \
    libc6 libssl3t64 libbz2-1.0 zlib1g libexpat1 liblzma5 libffi8 libzstd1 libsqlite3-0 libuuid1
for package in *.deb; do dpkg-deb -x "$package" "$work/root"; done
full=$(dpkg-deb -f "python$version"-minimal_*.deb Version)
target=${PYENV_ROOT:-$HOME/.pyenv}/versions/${full%%-*}
mkdir -p "$target"
cp -a "$work"/root/usr/{bin,lib,share} "$target"
libraries=$target/lib/x86_64-linux-gnu
patchelf --set-interpreter "$libraries/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$libraries" "$target/bin/python$version"
"$target/bin/python$version" -c 'import bz2, ctypes, ensurepip, json, ssl, sys, venv; print(sys.executable, sys.version)'

#!/usr/bin/env bash
# The arm64 packages that a program for Arm is linked with, unpacked into a folder: cmake/aarch64-sysroot.sh FOLDER PACKAGE...
# apt works on lists of its own inside the folder, as for a machine where nothing is installed. So the packages of this
# machine stay as they are, and no other architecture has to be added to it.
set -euo pipefail
folder=$1
shift
wanted="$*"
[[ -f $folder/packages && $(<"$folder/packages") == "$wanted" ]] && exit 0

rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
folder=$(realpath "$folder")
touch "$folder/apt/status"
apt_arm64() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$folder/apt" \
    -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt" "$@"
}
apt_arm64 update
apt_arm64 install -y --download-only --no-install-recommends "$@" >/dev/null
for package in "$folder"/apt/archives/*.deb; do dpkg -x "$package" "$folder"; done
rm -rf "$folder/apt"

# Links such as libz.so -> /lib/aarch64-linux-gnu/libz.so.1 would leave the folder.
find "$folder" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -srf "$folder$(readlink "$link")" "$link"
done
echo "$wanted" >"$folder/packages"

#!/bin/sh
# Fails unless the committed assembly of package gemm is what the generator
# writes. It works on a copy and changes nothing.
set -e
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/internal/gemm"
cp -r "$here" "$tmp/_gen"
(cd "$tmp/_gen" && sh generate.sh)
for f in "$tmp"/internal/gemm/*; do
	diff -u "$here/../internal/gemm/$(basename "$f")" "$f"
done

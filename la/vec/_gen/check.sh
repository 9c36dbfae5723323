#!/bin/sh
# Fails unless the committed assembly of package vec is what the generator
# writes. It works on a copy and changes nothing.
set -e
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp -r "$here" "$tmp/_gen"
(cd "$tmp/_gen" && go run . -out ../vec_amd64.s -stubs ../vec_amd64.go -pkg vec)
(cd "$tmp/_gen" && go run . -wide -out ../wide_amd64.s -stubs ../wide_amd64.go -pkg vec)
for f in vec_amd64.s vec_amd64.go wide_amd64.s wide_amd64.go; do
	diff -u "$here/../$f" "$tmp/$f"
done

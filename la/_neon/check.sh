#!/bin/sh
# Fails unless the committed assembly for arm64 is what the generator writes. It works
# on a copy and changes nothing.
set -e
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
gemm=blas/internal/gemm
mkdir -p "$tmp/vec" "$tmp/$gemm"
cp -r "$here" "$tmp/_neon"
cp "$here/../vec/vec_amd64.go" "$tmp/vec"
cp "$here/../$gemm/vector_amd64.go" "$tmp/$gemm"
(cd "$tmp/_neon" && go run . -out ..)
for f in vec/vec_arm64 "$gemm/neon_arm64"; do
	for ext in go s; do
		diff -u "$here/../$f.$ext" "$tmp/$f.$ext"
	done
done

#!/bin/sh
# Writes the assembly of package gemm. Run it in this folder.
set -e
for set in avx2 avx512 vector; do
	go run . -set $set -pkg gemm \
		-out ../internal/gemm/${set}_amd64.s -stubs ../internal/gemm/${set}_amd64.go
done

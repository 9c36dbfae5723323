#!/bin/sh
# Fails unless the committed code of onnx.proto is what the generator writes. It
# works on a copy and changes nothing.
set -e
here=$(cd "$(dirname "$0")" && pwd)
code="$here/../internal/onnxpb"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cp "$code/onnx.proto" "$tmp"
(cd "$here" && go run . "$tmp")
diff -u "$code/onnx.pb.go" "$tmp/onnx.pb.go"

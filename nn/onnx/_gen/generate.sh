#!/bin/sh
# Writes the Go code of onnx.proto.
set -e
cd "$(dirname "$0")"
go run . ../internal/onnxpb

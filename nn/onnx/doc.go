// Package onnx reads feed-forward networks from .onnx files: a chain of layers from
// one input to one output.
//
//	Gemm, MatMul with Add              dense layers; alpha and beta are part of the parameters
//	Conv, AveragePool, GlobalAveragePool   of images and sequences, whose shape the input has
//	x + (Gemm with an activation)(x)   dense layers with Skip
//	Tanh, Relu, Sigmoid, Softplus, LeakyRelu, Elu, Gelu, x·Sigmoid(x), x·½(1+Erf(x/√2))
//	LayerNormalization                 a layer norm and its learned scale
//	Add, Sub, Mul, Div by constants    fixed shifts and scales, as of the inputs; no parameters
//	Flatten, Reshape to units or to an image, Identity, Dropout, Pad of nothing
//
// Anything else is an error that names the node, its operator and the version of the
// operator set. Weights may be of the types DOUBLE, FLOAT, FLOAT16 and BFLOAT16, in
// the file itself; they are read as float64.
//
// The reader takes any bytes. What of the format it knows is in
// internal/onnxpb/onnx.proto, whose Go code the module in _gen writes.
//
// Source: Open Neural Network Exchange, intermediate representation and operators.
package onnx

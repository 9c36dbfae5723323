// Package safetensors reads the weights of models from .safetensors files, as torch's
// state dicts are saved:
//
//	8 bytes     length n of the header, little-endian
//	n bytes     header, JSON: {"0.weight": {"dtype": "F32", "shape": [16, 4], "data_offsets": [0, 256]}, …}
//	the rest    the numbers, little-endian, by rows
//
// Numbers of the types F64, F32, F16 and BF16 are read, as float64.
//
// Network makes a multilayer perceptron of them: each pair name.weight (outputs ×
// inputs) and name.bias is a dense layer, in the order of the names, in which numbers
// count as numbers. What comes between the layers is not in such a file.
//
// The reader takes any bytes: what is wrong is an error that names the tensor.
package safetensors

// Package npz exchanges networks, data and solutions with NumPy, and so with
// PyTorch and JAX, in .npz files. A file holds the arrays
//
//	W1, b1, W2, b2, …   weights W_k (outputs×inputs) and biases b_k (optional) of dense layers
//	X                   inputs, samples×in (more dimensions are flattened)
//	T                   labels, an integer for each sample, or targets, samples×outputs
//	g                   optional: a right-hand side, of the length of all parameters
//	x                   optional: a solution of the same length
//
// in which parameters are flattened in the order W1 by rows, b1, W2, b2, … .
// In Python:
//
//	np.savez("net.npz", W1=W1, b1=b1, W2=W2, b2=b2, X=X, T=labels)
//	x = np.load("solved.npz")["x"]
//
// The layers may also have the names of a state_dict of PyTorch, as 0.weight and
// 0.bias or layers.0.weight and layers.0.bias, in the order of their numbers:
//
//	np.savez("net.npz", X=X, T=labels, **{k: v.numpy() for k, v in model.state_dict().items()})
//
// A network of one output has a target for each sample, of any type. With more
// outputs an integer or bool for each sample is its label, counted from 0, and one
// number for each output its target, so that one-hot rows are targets, too. Other
// arrays are ignored; File.Ignored names them. Weights that fit only when
// transposed, as Keras and JAX have them, are refused with that advice.
//
// Numbers may be bool, f2 to f8, i1 to i8 and u1 to u8, of either byte order, by
// rows or by columns, compressed or not; they are read as float64 by rows. Files
// are written with float64 and int64.
//
// ReadArrays and WriteArrays are for files with any other arrays.
//
// The reader takes any bytes: what is wrong is an error that names the array.
//
// The formats are those of NumPy's documentation, numpy.lib.format.
package npz

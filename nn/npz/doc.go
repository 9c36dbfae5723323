// Package npz exchanges networks, data and solutions with NumPy, and so with
// PyTorch and JAX, in .npz files. A file holds the arrays
//
//	W1, b1, W2, b2, …   weights W_k (out×in) and biases b_k (out; optional) of dense layers
//	X                   inputs, samples×in (more dimensions are flattened)
//	T                   labels, integers of length samples, or targets, floats samples×out
//	g                   optional: a right-hand side, of the length of all parameters
//	x                   optional: a solution of the same length
//
// in which parameters are flattened in the order W1 by rows, b1, W2, b2, … .
// In Python:
//
//	np.savez("net.npz", W1=W1, b1=b1, W2=W2, b2=b2, X=X, T=labels)
//	x = np.load("solved.npz")["x"]
//
// Arrays may be of any type of floats and integers that NumPy calls f4, f8, i1
// to i8 and u1 to u8, of either byte order, by rows or by columns, compressed or
// not; they are read as float64 by rows. Files are written with float64 and
// int64.
//
// The reader takes any bytes: what is wrong is an error that names the array.
//
// The formats are those of NumPy's documentation, numpy.lib.format.
package npz

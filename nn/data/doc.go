// Package data reads and makes labelled data for networks: handwritten digits
// that are part of the program, files in the IDX format of MNIST and
// Fashion-MNIST, and Gaussian noise.
//
// A Set holds samples as rows of numbers with a label each. Pixels are scaled to
// 0..1. A set of images can be made smaller by area means as it is read:
//
//	28×28 grey levels ──area means──▶ 14×14 numbers in 0..1 ──row-major──▶ one row of X
//
// The digits are the test part of "Optical Recognition of Handwritten Digits"
// (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
// doi:10.24432/C50P49), licensed CC BY 4.0: see digits.LICENSE.txt.
// Fashion-MNIST (H. Xiao, K. Rasul and R. Vollgraf, arXiv:1708.07747) is read
// from Debian's package dataset-fashion-mnist.
//
// The readers take any bytes: what is wrong with them is an error that names the
// byte, and no memory is taken for what a header merely claims.
package data

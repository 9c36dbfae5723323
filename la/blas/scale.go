package blas

// scale multiplies the m×n matrix C by beta; with beta = 0 it writes zeros
// without reading C.
func scale(m, n int, beta float64, c []float64, ldc int) {
	if beta == 1 {
		return
	}
	for i := range m {
		scaleRow(beta, c[i*ldc:i*ldc+n])
	}
}

// scaleTriangle is scale for one triangle of a square matrix.
func scaleTriangle(uplo Uplo, n int, beta float64, c []float64, ldc int) {
	if beta == 1 {
		return
	}
	for i := range n {
		if uplo == Lower {
			scaleRow(beta, c[i*ldc:i*ldc+i+1])
		} else {
			scaleRow(beta, c[i*ldc+i:i*ldc+n])
		}
	}
}

func scaleRow(beta float64, c []float64) {
	if beta == 0 {
		clear(c)
		return
	}
	for j := range c {
		c[j] *= beta
	}
}

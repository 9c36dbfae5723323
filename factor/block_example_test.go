package factor_test

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la"
)

// How many standing waves of a square membrane have a frequency below ω? The
// five-point Laplacian on a grid of m×m points minus ω² is block tridiagonal,
// one block a grid line, and has one negative eigenvalue for each of them.
func ExampleBlock() {
	const m = 40
	const h = 1.0 / (m + 1)
	omega := 20.0
	sizes := make([]int, m)
	for k := range sizes {
		sizes[k] = m
	}
	a := la.NewBlockTridiag(sizes)
	for k := range m {
		d, ld := a.Diag(k)
		for i := range m {
			d[i*ld+i] = 4/(h*h) - omega*omega
			if i > 0 {
				d[i*ld+i-1] = -1 / (h * h)
			}
		}
		if k+1 < m {
			s, ld := a.Sub(k)
			for i := range m {
				s[i*ld+i] = -1 / (h * h)
			}
		}
	}

	var f factor.Block
	if err := f.Factorize(a); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("inertia:", f.Inertia())

	// The same count from the known eigenvalues.
	count := 0
	for i := 1; i <= m; i++ {
		for j := 1; j <= m; j++ {
			s, c := math.Sin(float64(i)*math.Pi*h/2), math.Sin(float64(j)*math.Pi*h/2)
			if 4/(h*h)*(s*s+c*c) < omega*omega {
				count++
			}
		}
	}
	fmt.Println("waves below ω:", count)

	// The response to a force in the middle.
	b := mat.NewVecDense(m*m, nil)
	b.SetVec(m*m/2+m/2, 1)
	var x mat.VecDense
	if err := f.SolveVecTo(&x, b); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("backward error at most 1e-14:", f.Report().BackwardError <= 1e-14)
	// Output:
	// inertia: (26, 0, 1574)
	// waves below ω: 26
	// backward error at most 1e-14: true
}

func ExampleBlock_Cost() {
	a := la.NewBlockTridiag([]int{300, 300, 300})
	var f factor.Block
	err := f.Analyse(a, &factor.Options{MemoryLimit: 1 << 20})
	var memory *factor.MemoryError
	fmt.Println("refused for its memory:", errors.As(err, &memory))
	fmt.Printf("%.2g flops to factor, %.2g to solve\n", float64(f.Cost().Factor), float64(f.Cost().Solve))
	// Output:
	// refused for its memory: true
	// 1.4e+08 flops to factor, 1.3e+06 to solve
}

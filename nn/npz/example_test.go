package npz_test

import (
	"fmt"
	"os"
	"path/filepath"

	"costate/nn"
	"costate/nn/npz"
)

func Example() {
	dir, err := os.MkdirTemp("", "npz")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "net.npz")

	// What np.savez("net.npz", W1=W1, b1=b1, X=X, T=T) would write.
	f := &npz.File{
		Layers: []npz.Layer{{Out: 2, In: 3, W: []float64{1, 0, 0, 0, 1, 0}, B: []float64{0, 0}}},
		N:      2, X: []float64{1, 2, 3, 4, 5, 6}, Labels: []int{0, 1},
	}
	if err := npz.Write(name, f); err != nil {
		fmt.Println(err)
		return
	}

	f, err = npz.Read(name)
	if err != nil {
		fmt.Println(err)
		return
	}
	net, err := f.Network(nn.Tanh, nn.CrossEntropy)
	if err != nil {
		fmt.Println(err)
		return
	}
	loss, err := net.Loss(f.Batch(), nil)
	fmt.Printf("%d parameters, loss %.4f, %v\n", net.NumParams(), loss, err)
	// Output:
	// 8 parameters, loss 0.8133, <nil>
}

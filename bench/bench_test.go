package main

import (
	"fmt"
	"testing"

	"gonum.org/v1/gonum/mat"

	"costate/factor"
	"costate/la/blas"
	"costate/nn"
)

// benchBackends are those that are built in, but for the reference.
func benchBackends(b *testing.B) []blas.Backend {
	var all []blas.Backend
	for _, name := range []string{"native", "openblas"} {
		if k, err := blas.ByName(name, 0); err == nil {
			all = append(all, k)
		}
	}
	return all
}

// benchCase is a network with its size in the name, for benchstat.
func benchCase(b *testing.B, net netFlags) (*problem, string) {
	b.Helper()
	p, err := (&session{seed: 1}).makeProblem(&net)
	if err != nil {
		b.Fatal(err)
	}
	return p, fmt.Sprintf("depth=%d/width=%d/batch=%d", net.layers, net.width, net.batch)
}

// benchPoint measures what one waits for at a new point: from the weights to x.
func benchPoint(b *testing.B, p *problem, curvature, method string, k blas.Backend) {
	m := &measurement{problem: p, curvature: curvature}
	f, err := newMethod(method)
	if err != nil {
		b.Fatal(err)
	}
	p.net.Backend = k
	var lin nn.Linearization
	chain, err := m.point(&lin)
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Analyse(chain, &factor.Options{Backend: k}); err != nil {
		b.Fatal(err)
	}
	x := mat.NewVecDense(p.net.NumParams(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if chain, err = m.point(&lin); err != nil {
			b.Fatal(err)
		}
		if err := f.Update(chain); err != nil {
			b.Fatal(err)
		}
		if err := f.Factorize(0.1); err != nil {
			b.Fatal(err)
		}
		if err := f.SolveVecTo(x, mat.NewVecDense(len(lin.Gradient), lin.Gradient)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(f.Report().Flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gflop/s")
}

// BenchmarkPoint is the time from weights to x on the networks that other
// programs have been timed on.
func BenchmarkPoint(b *testing.B) {
	for _, name := range []string{"demo", "wide", "mid", "deep", "long"} {
		net, _ := namedCase(name)
		p, size := benchCase(b, net)
		for _, method := range []string{"chain", "block"} {
			for _, k := range benchBackends(b) {
				b.Run(fmt.Sprintf("case=%s/%s/method=%s/backend=%s", name, size, method, k.Name()), func(b *testing.B) {
					benchPoint(b, p, "hessian", method, k)
				})
			}
		}
	}
}

// BenchmarkAnchor is the widest of these networks, for the methods that can.
func BenchmarkAnchor(b *testing.B) {
	net, _ := namedCase("anchor")
	p, size := benchCase(b, net)
	for _, k := range benchBackends(b) {
		b.Run(fmt.Sprintf("case=anchor/%s/method=chain/backend=%s", size, k.Name()), func(b *testing.B) {
			benchPoint(b, p, "hessian", "chain", k)
		})
	}
}

// BenchmarkDepth shows that the time is linear in the depth.
func BenchmarkDepth(b *testing.B) {
	net, _ := namedCase("deep")
	for _, layers := range []int{500, 1000, 2000, 4000} {
		net.layers = layers
		p, size := benchCase(b, net)
		for _, method := range []string{"chain", "block"} {
			b.Run(size+"/method="+method+"/backend=native", func(b *testing.B) { benchPoint(b, p, "hessian", method, blas.Native()) })
		}
	}
}

// BenchmarkSecondDamping is what another damping costs at the same point.
func BenchmarkSecondDamping(b *testing.B) {
	for _, name := range []string{"demo", "wide", "deep"} {
		net, _ := namedCase(name)
		p, size := benchCase(b, net)
		b.Run(fmt.Sprintf("case=%s/%s/method=chain/backend=native", name, size), func(b *testing.B) {
			var f factor.Chain
			var lin nn.Linearization
			if err := p.net.Linearize(&lin, p.batch); err != nil {
				b.Fatal(err)
			}
			if err := f.Analyse(&lin.Chain, nil); err != nil {
				b.Fatal(err)
			}
			g := mat.NewVecDense(len(lin.Gradient), lin.Gradient)
			x := mat.NewVecDense(len(lin.Gradient), nil)
			eps := 0.1
			for b.Loop() {
				eps = 0.3 - eps
				if err := f.Factorize(eps); err != nil {
					b.Fatal(err)
				}
				if err := f.SolveVecTo(x, g); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOutputSpace is Gauss–Newton on a deep network, whose matrix has the
// rank of its outputs only.
func BenchmarkOutputSpace(b *testing.B) {
	net := netFlags{data: "digits", layers: 30, width: 16, batch: 32, act: "tanh", loss: "ce", gain: 1, bias: true}
	p, size := benchCase(b, net)
	for _, method := range []string{"gram", "chain"} {
		for _, k := range benchBackends(b) {
			b.Run(fmt.Sprintf("%s/method=%s/backend=%s", size, method, k.Name()), func(b *testing.B) {
				benchPoint(b, p, "ggn", method, k)
			})
		}
	}
}

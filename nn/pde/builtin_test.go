package pde

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestSolutions: the residuals of every problem vanish on its solution, inside and on
// all conditions, and so do those of points that are given.
func TestSolutions(t *testing.T) {
	for _, name := range Names() {
		p, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for i := range p.Groups {
			g := &p.Groups[i]
			for k := range 60 {
				reg := &g.Regions[k%len(g.Regions)]
				x, c := make([]float64, p.Dim()), make([]float64, reg.Dim)
				for j := range c {
					c[j] = 0.05 + 0.9*rng.Float64()
				}
				reg.Map(x, c)
				if !p.inside(x) {
					t.Fatalf("%s: group %s: %v is outside", name, g.Name, x)
				}
				if name == "burgers" && i == 0 {
					x[0] = math.Copysign(0.2+0.7*math.Abs(x[0]), x[0]) // away from where it is steep
				}
				y := rowsOf(p.Solution, x, g)
				n, size := len(y), 0.0
				gr, h := make([]float64, n), make([]float64, n*n)
				for e := range 1 + len(g.More) {
					clear(gr)
					r := g.residual(e)(x, y, gr, h)
					for j, v := range gr {
						size += math.Abs(v * y[j])
					}
					if !(math.Abs(r) <= 2e-6*(1+size)) {
						t.Errorf("%s: group %s: residual %d is %g at %v, of terms of size %g", name, g.Name, e, r, x, size)
					}
				}
			}
		}
		if err := Check(p); err != nil {
			t.Error(err)
		}
		if p.Source == "" {
			t.Errorf("%s: no source", name)
		}
	}
	for _, p := range []*Problem{curvedProblem(), curvedSystem()} {
		if err := Check(p); err != nil {
			t.Error(err)
		}
	}
	if _, err := ByName("navier"); err == nil || !strings.Contains(err.Error(), "poisson-2d") {
		t.Error(err)
	}
}

// TestCheck: every wrong derivative is found and named.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		want  string
		spoil func(g, h []float64)
	}{
		{"∂r/∂u ", func(g, h []float64) { g[0] += 1e-3 }},
		{"∂r/∂(D_t u)", func(g, h []float64) { g[2] = -g[2] }},
		{"∂r/∂(Lu)", func(g, h []float64) { g[3] = 0 }},
		{"∂²r/∂u∂(D_x u)", func(g, h []float64) { h[1] = 0 }},
		{"∂²r/∂u∂u", func(g, h []float64) { h[0] = 1 }},
	} {
		p := Burgers()
		right := p.Groups[0].Residual
		p.Groups[0].Residual = func(x, y, g, h []float64) float64 {
			r := right(x, y, g, h)
			c.spoil(g, h)
			return r
		}
		err := Check(p)
		var wrong *DerivativeError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) || wrong.Group != "interior" {
			t.Errorf("want %s: %v", c.want, err)
		}
	}
}

// TestCheckSystem: so are those of further residuals, of other unknowns and of partners.
func TestCheckSystem(t *testing.T) {
	for _, c := range []struct {
		group, more int
		want        string
		spoil       func(g, h []float64)
	}{
		{0, 0, "∂r/∂v ", func(g, h []float64) { g[6] += 1e-3 }},
		{0, 0, "∂r/∂(L_2 v)", func(g, h []float64) { g[11] += 1 }},
		{0, 1, "residual 2: ∂r/∂(D_x u)", func(g, h []float64) { g[1] -= 1e-3 }},
		{4, 0, "∂r/∂v′ ", func(g, h []float64) { g[3]++ }},
		{5, 0, "∂²r/∂(D_t v′)", func(g, h []float64) { h[16*16-1]++ }},
	} {
		p := curvedSystem()
		g := &p.Groups[c.group]
		right := g.residual(c.more)
		wrong := func(x, y, g, h []float64) float64 {
			r := right(x, y, g, h)
			c.spoil(g, h)
			return r
		}
		if c.more == 0 {
			g.Residual = wrong
		} else {
			g.More[c.more-1] = wrong
		}
		var e *DerivativeError
		if err := Check(p); !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.Group != g.Name || e.Residual != c.more {
			t.Errorf("want %s of group %s: %v", c.want, g.Name, err)
		}
	}
}

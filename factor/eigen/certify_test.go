package eigen

import (
	"testing"

	"costate/la"
)

// TestPlantedGap takes a pair away from a set that is complete: the certificate
// must notice, wherever the pair was.
func TestPlantedGap(t *testing.T) {
	a := la.NewBlockTridiag([]int{40})
	d, ld := a.Diag(0)
	for i := range ld {
		d[i*ld+i] = float64(i*i) - 100
	}
	const k = 8
	for gone := range k - 1 { // of those that the certificate is for
		var l Lanczos
		l.begin(OfBlock(a, nil))
		if err := l.FactorizeEnd(OfBlock(a, nil), Smallest, k+1); err != nil {
			t.Fatal(err)
		}
		if !l.report.Certain {
			t.Fatal("not certain")
		}
		n := l.space.n
		l.a = OfBlock(a, nil)
		l.values = append(l.values[:gone], l.values[gone+1:]...)
		l.vecs = append(l.vecs[:gone*n], l.vecs[(gone+1)*n:]...)
		if missing := l.certify(k - 1); missing != 1 || l.report.Certain {
			t.Errorf("pair %d is gone: %d missing, certain %v", gone, missing, l.report.Certain)
		}
	}
}

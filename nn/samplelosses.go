package nn

import "fmt"

// SampleLosses stores the loss of each sample in losses, of length batch.N, and if
// grad is not nil its derivative in the outputs there, N×outputs: both without the
// division by N of the batch's loss and without Weights. It panics with
// ErrDestination for other lengths. Errors are those of Loss.
func (n *Network) SampleLosses(losses, grad []float64, batch *Batch, ws *Workspace) error {
	p := n.plan
	if err := batch.check(p); err != nil {
		return err
	}
	c := p.outputs
	if len(losses) != batch.N || grad != nil && len(grad) != batch.N*c {
		panic(ErrDestination)
	}
	z := make([]float64, batch.N*c)
	if err := n.Predict(z, batch.X, batch.N, ws); err != nil {
		return err
	}
	plain := *batch
	plain.Weights = nil
	t := make([]float64, p.targets)
	var g []float64
	for i := range batch.N {
		if grad != nil {
			g = grad[i*c : i*c+c]
		}
		losses[i] = lossPart(p.loss, &plain, i, 1, z[i*c:i*c+c], 1, g, nil, t)
		if losses[i]*0 != 0 {
			return fmt.Errorf("nn: the loss of sample %d is %g; weights or inputs are too large", i, losses[i])
		}
	}
	return nil
}

package race

import (
	"fmt"

	"costate/la/blas"
	"costate/nn/train"
)

// Names are the words for the optimizers.
var Names = []string{"lm", "tr", "cubic", "saddlefree", "sgd", "momentum", "adam", "lbfgs", "cg"}

// HasRate reports whether an optimizer has a learning rate.
func HasRate(name string) bool { return name == "sgd" || name == "momentum" || name == "adam" }

// NewOptimizer makes an optimizer with its default settings by its name. The rate is
// for those that have one; 0 is their default. An unknown name is an error.
func NewOptimizer(name string, rate float64, backend blas.Backend) (train.Optimizer, error) {
	switch name {
	case "lm":
		return &train.LevenbergMarquardt{Backend: backend}, nil
	case "tr":
		return &train.TrustRegion{Backend: backend}, nil
	case "cubic":
		return &train.CubicNewton{Backend: backend}, nil
	case "saddlefree":
		return &train.SaddleFree{Backend: backend}, nil
	case "sgd":
		return &train.SGD{Rate: rate}, nil
	case "momentum":
		// The usual value; by Polyak's ((√κ−1)/(√κ+1))² the best one for a condition
		// number κ of about 1,400.
		return &train.SGD{Rate: rate, Momentum: 0.9}, nil
	case "adam":
		return &train.Adam{Rate: rate}, nil
	case "lbfgs":
		return train.NewLBFGS(), nil
	case "cg":
		return train.NewNonlinearCG(), nil
	}
	return nil, fmt.Errorf("race: no optimizer %q; there are %v", name, Names)
}

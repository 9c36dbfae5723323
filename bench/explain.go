package main

import (
	"errors"
	"fmt"

	"costate/factor"
)

// explain adds to an error of the factorizations which flag would help.
func explain(err error) error {
	var singular *factor.SingularError
	var memory *factor.MemoryError
	switch {
	case errors.As(err, &singular):
		if singular.Suggest != 0 {
			return fmt.Errorf("%w (try --eps %.3g)", err, singular.Suggest)
		}
		return fmt.Errorf("%w (try another --eps)", err)
	case errors.As(err, &memory):
		return fmt.Errorf("%w; a smaller --batch or --width, another --method or a higher --memory would help", err)
	}
	return err
}

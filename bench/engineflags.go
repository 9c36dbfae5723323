package main

import (
	"os"
	"strings"

	"github.com/spf13/pflag"

	"costate/factor"
	"costate/factor/mumps"
)

// engineFlags choose what factors sparse matrices.
type engineFlags struct {
	name      string
	outOfCore string
}

func (f *engineFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.name, "engine", factor.EngineNative, "what factors: "+strings.Join(factor.EngineNames(), ", ")+" (costate engines lists those of this build)")
	fl.StringVar(&f.outOfCore, "out-of-core", "", "with --engine mumps: keep factors in files in this directory")
}

func (f *engineFlags) check() error {
	if err := oneOf("engine", f.name, factor.EngineNames()); err != nil {
		return err
	}
	if f.outOfCore != "" {
		if f.name != factor.EngineMUMPS {
			return usagef("--out-of-core is for --engine mumps")
		}
		if s, err := os.Stat(f.outOfCore); err != nil || !s.IsDir() {
			return usagef("--out-of-core %s: there is no such directory", f.outOfCore)
		}
	}
	if f.name == factor.EngineMUMPS {
		if _, err := mumps.Version(); err != nil {
			return usagef("--engine mumps: %w", err)
		}
	}
	return nil
}

// set puts the choice into the options of a factorization.
func (f *engineFlags) set(o *factor.Options) {
	o.Engine, o.MUMPS.OutOfCore = f.name, f.outOfCore
}

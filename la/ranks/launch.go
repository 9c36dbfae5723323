package ranks

import (
	"os"
	"strconv"
)

// Launched reports whether a launcher has started this process.
func Launched() bool {
	n, _ := launched()
	return n > 0
}

// launched returns the number of ranks that a launcher started and which one this is; 0
// where there is no launcher. Open MPI's mpirun, launchers of PMIx and those of PMI tell
// them by these variables; a size that is not told is taken for several.
func launched() (ranks, rank int) {
	for _, v := range [][2]string{
		{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
		{"PMI_SIZE", "PMI_RANK"},
		{"SLURM_STEP_NUM_TASKS", "PMIX_RANK"},
	} {
		r, err := strconv.Atoi(os.Getenv(v[1]))
		if err != nil {
			continue
		}
		n, err := strconv.Atoi(os.Getenv(v[0]))
		if err != nil {
			n = 2
		}
		return n, r
	}
	return 0, 0
}

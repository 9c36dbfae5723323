package main

import "runtime/debug"

// program is what the command calls itself, and version its release.
const (
	program = "costate"
	version = "v0.2.0"
)

// versionText is the release, with the commit that it was built from where the
// build knows it: go build does, go run does not.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return program + " " + version
	}
	return describeBuild(info.Settings)
}

func describeBuild(settings []debug.BuildSetting) string {
	commit, changed := "", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = ", changed"
		}
	}
	if commit == "" {
		return program + " " + version
	}
	return program + " " + version + " (" + commit + changed + ")"
}

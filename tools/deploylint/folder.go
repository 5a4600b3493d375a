package main

import (
	"context"
	"fmt"
	"path/filepath"

	"onedoor/tools/deploylint/internal/containers"
	"onedoor/tools/deploylint/internal/finding"
	"onedoor/tools/deploylint/internal/kubernetes"
	"onedoor/tools/deploylint/internal/monitoring"
)

// A reader says what is wrong with one file.
type reader func(ctx context.Context, file string) ([]finding.Finding, error)

// readers are the kinds of files that are read one by one.
var readers = []struct {
	pattern string
	read    reader
}{
	{"docker/Dockerfile*", containers.Dockerfile},
	{"docker/*.yaml", func(ctx context.Context, file string) ([]finding.Finding, error) {
		return containers.Compose(ctx, file, nil)
	}},
	{"prometheus/*.rules.yml", func(_ context.Context, file string) ([]finding.Finding, error) { return monitoring.Rules(file) }},
	{"prometheus/scrape.yml", func(_ context.Context, file string) ([]finding.Finding, error) { return monitoring.Scrape(file) }},
	{"grafana/*.json", func(_ context.Context, file string) ([]finding.Finding, error) { return monitoring.Dashboard(file) }},
}

// manifests are read together, since they name one another.
const manifests = "kubernetes/*.yaml"

// lint reads a folder and counts the files. A kind of which there is no file is an error: nothing would be looked at.
func lint(ctx context.Context, folder string) (found []finding.Finding, looked int, err error) {
	for _, r := range readers {
		files, err := matching(folder, r.pattern)
		if err != nil {
			return nil, 0, err
		}
		for _, file := range files {
			wrong, err := r.read(ctx, file)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", file, err)
			}
			found = append(found, wrong...)
			looked++
		}
	}
	files, err := matching(folder, manifests)
	if err != nil {
		return nil, 0, err
	}
	wrong, err := kubernetes.Lint(files)
	return finding.Sorted(append(found, wrong...)), looked + len(files), err
}

// matching gives the files of a pattern.
func matching(folder, pattern string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, pattern))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no file %s in %s", pattern, folder)
	}
	return files, err
}

package monitoring

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"onedoor/tools/deploylint/internal/finding"
)

// scraping is the part of prometheus.yml that is offered. Prometheus' own type would bring the clients of every cloud with it.
type scraping struct {
	RuleFiles     []string `yaml:"rule_files"`
	ScrapeConfigs []struct {
		JobName        string          `yaml:"job_name"`
		ScrapeInterval model.Duration  `yaml:"scrape_interval"`
		ScrapeTimeout  *model.Duration `yaml:"scrape_timeout"`
		StaticConfigs  []struct {
			Targets []string          `yaml:"targets"`
			Labels  map[string]string `yaml:"labels"`
		} `yaml:"static_configs"`
	} `yaml:"scrape_configs"`
}

// Scrape says what is wrong with the part of prometheus.yml that is offered.
func Scrape(file string) ([]finding.Finding, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config scraping
	d := yaml.NewDecoder(bytes.NewReader(body))
	d.KnownFields(true)
	if err := d.Decode(&config); err != nil {
		return []finding.Finding{{File: file, Line: lineIn(err.Error()), By: "prometheus", Text: err.Error()}}, nil
	}
	var node yaml.Node
	if err := yaml.Unmarshal(body, &node); err != nil {
		return nil, err
	}
	var found []finding.Finding
	tell := func(path, format string, args ...any) {
		found = append(found, finding.Finding{File: file, Line: finding.Line(&node, path), By: "house", Text: fmt.Sprintf(format, args...)})
	}
	for i, name := range config.RuleFiles {
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), name)); err != nil {
			tell(fmt.Sprintf("rule_files[%d]", i), "no file %s beside it", name)
		}
	}
	for i, c := range config.ScrapeConfigs {
		path := fmt.Sprintf("scrape_configs[%d]", i)
		if c.JobName == "" {
			tell(path, "a job without a name")
		}
		for j, s := range c.StaticConfigs {
			for k, target := range s.Targets {
				if _, port, err := net.SplitHostPort(target); err != nil || port == "" {
					tell(fmt.Sprintf("%s.static_configs[%d].targets[%d]", path, j, k), "target %s is no HOST:PORT", target)
				}
			}
		}
	}
	return found, nil
}

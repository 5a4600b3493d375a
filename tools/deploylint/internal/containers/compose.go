package containers

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"

	"onedoor/tools/deploylint/internal/finding"
)

// Compose says what Docker Compose would not load of a file, and which of our own rules it breaks. Variables are taken from
// given, and from nowhere else.
func Compose(ctx context.Context, file string, given map[string]string) ([]finding.Finding, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := composed{file: file}
	if err := yaml.Unmarshal(body, &c.node); err != nil {
		return []finding.Finding{{File: file, By: "compose", Text: err.Error()}}, nil
	}
	project, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: filepath.Dir(file), ConfigFiles: []types.ConfigFile{{Filename: file, Content: body}}, Environment: given,
	}, func(o *loader.Options) { o.SetProjectName("onedoor", true) })
	if err != nil {
		c.tell("compose", pathIn(err.Error()), err.Error())
		return c.found, nil
	}
	for _, name := range project.ServiceNames() {
		c.house(name, project.Services[name])
	}
	return c.found, nil
}

// composed is a compose file in hand.
type composed struct {
	file  string
	node  yaml.Node
	found []finding.Finding
}

func (c *composed) tell(by, path, text string) {
	c.found = append(c.found, finding.Finding{File: c.file, Line: finding.Line(&c.node, path), By: by, Text: text})
}

// house holds a service to our own rules: what we build must need nothing of the machine, the others must not gain rights.
func (c *composed) house(name string, s types.ServiceConfig) {
	path := "services." + name
	tell := func(is bool, text string) {
		if !is {
			c.tell("house", path, "service "+name+": "+text)
		}
	}
	tell(slices.Contains(s.SecurityOpt, "no-new-privileges:true"), "set security_opt: [no-new-privileges:true]")
	tell(s.Restart != "", "set restart")
	tell(s.Build != nil || s.HealthCheck != nil, "give it a healthcheck, or the image one that is built here")
	tell(!s.Privileged, "it must not be privileged")
	tell(s.Deploy != nil && s.Deploy.Resources.Limits != nil && s.Deploy.Resources.Limits.MemoryBytes > 0 || s.MemLimit > 0, "set mem_limit: one that runs away must not take the others along")
	if s.Build == nil {
		return
	}
	tell(s.ReadOnly, "set read_only: true")
	tell(slices.Contains(s.CapDrop, "ALL"), "set cap_drop: [ALL]")
	tell(unprivileged(s.User), "set user to a number other than 0")
}

// placed finds a path such as services.onedoor.ports in an error's text.
var placed = regexp.MustCompile(`\b(services|volumes|networks|secrets|configs)(?:\.[\w-]+|\[\d+\])*`)

func pathIn(text string) string { return placed.FindString(text) }

package containers

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"onedoor/tools/deploylint/internal/finding"
)

// Dockerfile says what BuildKit would refuse or warn of, and which of our own rules a file breaks.
func Dockerfile(ctx context.Context, file string) ([]finding.Finding, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	source := llb.NewSourceMap(nil, file, "Dockerfile", body)
	source.Definition = &llb.Definition{} // The file was sent by nobody.
	result, err := dockerfile2llb.DockerfileLint(ctx, body, dockerfile2llb.ConvertOpt{MetaResolver: anyImage{}, SourceMap: source})
	if err != nil {
		return nil, err
	}
	var found []finding.Finding
	for _, w := range result.Warnings {
		found = append(found, finding.Finding{File: file, Line: line(w.Location), By: "buildkit", Text: w.RuleName + ": " + w.Detail})
	}
	if result.Error != nil {
		return append(found, finding.Finding{File: file, Line: line(&result.Error.Location), By: "buildkit", Text: result.Error.Message}), nil
	}
	own, err := houseImage(file, body)
	return append(found, own...), err
}

// line gives the first line of a place; 0 where none is told.
func line(at *pb.Location) int {
	if at == nil || len(at.Ranges) == 0 {
		return 0
	}
	return int(at.Ranges[0].Start.Line)
}

// anyImage stands for a registry that has every image, with nothing set in it.
type anyImage struct{}

// ResolveImageConfig answers for an image of the platform that is asked for.
func (anyImage) ResolveImageConfig(_ context.Context, ref string, o sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	image := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	if o.ImageOpt != nil && o.ImageOpt.Platform != nil {
		image.Platform = *o.ImageOpt.Platform
	}
	body, err := json.Marshal(image)
	return ref, digest.FromBytes(body), body, err
}

// houseImage holds the last stage, which is what runs, to our own rules.
func houseImage(file string, body []byte) (found []finding.Finding, err error) {
	read, err := parser.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	stages, _, err := instructions.Parse(read.AST, nil)
	if err != nil {
		return nil, err
	}
	last := stages[len(stages)-1]
	at := 0
	if len(last.Location) > 0 {
		at = last.Location[0].Start.Line
	}
	for _, wrong := range wrongWith(last) {
		found = append(found, finding.Finding{File: file, Line: at, By: "house", Text: "the image that runs: " + wrong})
	}
	return append(found, strangers(file, stages)...), nil
}

// strangers finds what is copied from an image instead of a stage: a misspelt stage is an image of somebody else's to BuildKit.
func strangers(file string, stages []instructions.Stage) (found []finding.Finding) {
	for _, stage := range stages {
		for _, c := range stage.Commands {
			from, is := c.(*instructions.CopyCommand)
			if !is || from.From == "" {
				continue
			}
			if _, known := instructions.HasStage(stages, from.From); !known {
				found = append(found, finding.Finding{File: file, Line: from.Location()[0].Start.Line, By: "house", Text: "COPY --from=" + from.From + " names no stage"})
			}
		}
	}
	return found
}

// wrongWith says which of our rules a stage breaks.
func wrongWith(stage instructions.Stage) (list []string) {
	var user, health, entry bool
	for _, c := range stage.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = unprivileged(c.User)
		case *instructions.HealthCheckCommand:
			health = c.Health != nil && len(c.Health.Test) > 1 && c.Health.Test[0] == "CMD"
		case *instructions.EntrypointCommand:
			entry = !c.PrependShell
		case *instructions.RunCommand:
			list = append(list, "RUN needs a shell, and there is none")
		}
	}
	if !strings.Contains(stage.BaseName, "/distroless/") {
		list = append(list, "stands on "+stage.BaseName+": take a distroless base, without shell and package manager")
	}
	if !user {
		list = append(list, "give USER a number other than 0: Kubernetes cannot tell by a name that it is not root")
	}
	if !health {
		list = append(list, "give HEALTHCHECK in its exec form, CMD [...]")
	}
	if !entry {
		list = append(list, "give ENTRYPOINT in its exec form: a shell would not pass SIGTERM on")
	}
	return list
}

// unprivileged reports that a user, such as 65532:65532, is a number and not root's.
func unprivileged(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	id, err := strconv.Atoi(name)
	return err == nil && id > 0
}

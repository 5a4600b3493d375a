package upgrade_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/sim/sabotage"
)

const (
	// nextField is the field of a door that the next software brings.
	nextField = "storeys"
	// nextTables names the variable with the statements of the next software's migration; without it there is none.
	nextTables = "TABLES_OF_THE_NEXT_ONEDOOR"
)

// software is a build: its server and the app of its phones.
type software struct {
	next          bool
	server, phone string
	// env is what its server's environment has beside the usual.
	env []string
}

// builds are the two that the tests share, made by the first of them.
var builds struct {
	once     sync.Once
	dir      string
	this     software
	upcoming software
	err      error
}

// twoSoftwares gives this software and the next one.
func twoSoftwares(t *testing.T) (this, next *software) {
	t.Helper()
	builds.once.Do(func() { builds.err = build() })
	if builds.err != nil {
		t.Fatal(builds.err)
	}
	a, b := builds.this, builds.upcoming
	return &a, &b
}

// build makes the programs of both.
func build() (err error) {
	root, err := sabotage.Root(".")
	if err != nil {
		return err
	}
	if builds.dir, err = os.MkdirTemp("", "odnext"); err != nil {
		return err
	}
	overlay, err := writeOverlay(root, builds.dir)
	if err != nil {
		return fmt.Errorf("the next software: %w", err)
	}
	at := func(name string) string { return filepath.Join(builds.dir, name) }
	builds.this = software{server: at("onedoor"), phone: os.Args[0]}
	builds.upcoming = software{next: true, server: at("onedoor-next"), phone: at("phone-next")}
	for _, args := range [][]string{
		{"build", "-o", builds.this.server, "./cmd/onedoor"},
		{"build", "-overlay", overlay, "-o", builds.upcoming.server, "./cmd/onedoor"},
		{"test", "-c", "-overlay", overlay, "-o", builds.upcoming.phone, "./internal/pgtest/upgrade"},
	} {
		if _, err := runGo(root, nil, args...); err != nil {
			return err
		}
	}
	return nil
}

// runGo runs Go in the repository and gives what it writes.
func runGo(root string, in []byte, args ...string) ([]byte, error) {
	c := exec.Command("go", args...)
	c.Dir, c.Stdin = root, bytes.NewReader(in)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, said.Bytes())
	}
	return out, err
}

// writeOverlay writes what the next software has in place of this one's sources, and the file that `go build -overlay` reads.
func writeOverlay(root, dir string) (string, error) {
	door, err := doorWithField(root)
	if err != nil {
		return "", err
	}
	numbered, err := nextVersion(root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, source := range map[string][]byte{
		"proto/gen/onedoor/record/v1/premises.pb.go": door,
		"internal/schema/schema.go":                  numbered,
		"server/store/pgstore/next.go":               []byte(migrationSource),
	} {
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".next")
		if err := os.WriteFile(file, source, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// migrationSource is a file that only the next software has.
var migrationSource = fmt.Sprintf(`package pgstore

import "os"

func init() {
	if tables := os.Getenv(%q); tables != "" {
		ownMigrations = append(ownMigrations, migration{script: tables, oldest: 1}) // It only adds.
	}
}
`, nextTables)

// nextVersion gives the schema's source with the next number.
func nextVersion(root string) ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(root, "internal/schema/schema.go"))
	if err != nil {
		return nil, err
	}
	const line = "const Version uint32 = %d\n"
	was := fmt.Appendf(nil, line, schema.Version)
	if bytes.Count(source, was) != 1 {
		return nil, fmt.Errorf("internal/schema/schema.go does not have its version as %q", was)
	}
	return bytes.Replace(source, was, fmt.Appendf(nil, line, schema.Version+1), 1), nil
}

// doorWithField generates the Go code of doors that have a field more, as `make generate` would.
func doorWithField(root string) ([]byte, error) {
	this := recordv1.File_onedoor_record_v1_premises_proto
	next := protodesc.ToFileDescriptorProto(this)
	i := slices.IndexFunc(next.MessageType, func(m *descriptorpb.DescriptorProto) bool { return m.GetName() == "Premises" })
	if i < 0 {
		return nil, errors.New("no message Premises")
	}
	addField(next.MessageType[i])
	request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{this.Path()}, Parameter: proto.String("paths=source_relative"), ProtoFile: append(imported(this), next),
	})
	if err != nil {
		return nil, err
	}
	out, err := runGo(root, request, "run", "google.golang.org/protobuf/cmd/protoc-gen-go")
	if err != nil {
		return nil, err
	}
	response := &pluginpb.CodeGeneratorResponse{}
	if err := proto.Unmarshal(out, response); err != nil {
		return nil, err
	}
	if response.Error != nil || len(response.File) != 1 {
		return nil, fmt.Errorf("protoc-gen-go made %d files: %s", len(response.File), response.GetError())
	}
	return []byte(response.File[0].GetContent()), nil
}

// addField adds the field behind the last one.
func addField(door *descriptorpb.DescriptorProto) {
	number := int32(0)
	for _, f := range door.Field {
		number = max(number, f.GetNumber())
	}
	rules := &recordv1.FieldRules{Merge: recordv1.MergePolicy_MERGE_POLICY_LATEST, Class: recordv1.VisibilityClass_VISIBILITY_CLASS_OPEN, Since: schema.Version + 1}
	options := &descriptorpb.FieldOptions{}
	proto.SetExtension(options, recordv1.E_Rules, rules)
	door.Field = append(door.Field, &descriptorpb.FieldDescriptorProto{
		Name: proto.String(nextField), JsonName: proto.String(nextField), Number: proto.Int32(number + 1), Options: options,
		Type: descriptorpb.FieldDescriptorProto_TYPE_UINT32.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		Proto3Optional: proto.Bool(true), OneofIndex: proto.Int32(int32(len(door.OneofDecl))), // A message has some dozen.
	})
	door.OneofDecl = append(door.OneofDecl, &descriptorpb.OneofDescriptorProto{Name: proto.String("_" + nextField)})
}

// imported gives the files that a file imports, each behind those that it imports itself.
func imported(f protoreflect.FileDescriptor) (all []*descriptorpb.FileDescriptorProto) {
	seen := map[string]bool{}
	var visit func(f protoreflect.FileDescriptor)
	visit = func(f protoreflect.FileDescriptor) {
		for i := range f.Imports().Len() {
			to := f.Imports().Get(i).FileDescriptor
			if !seen[to.Path()] {
				seen[to.Path()] = true
				visit(to)
				all = append(all, protodesc.ToFileDescriptorProto(to))
			}
		}
	}
	visit(f)
	return all
}

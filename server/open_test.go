package server_test

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/server"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
)

// userVersionOffset is where a SQLite file's header keeps the schema's number.
const userVersionOffset = 60

func TestOpen_RefusesWithOneLineThatSaysWhatToDo(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(t *testing.T, dir string) server.Config
		want  error
		says  string
	}{
		{"no folder", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: filepath.Join(dir, "none")}
		}, identity.ErrNotInitialised, "onedoor init"},
		{"an empty folder", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: t.TempDir()}
		}, identity.ErrNotInitialised, "onedoor init"},
		{"a file for the folder", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: filepath.Join(dir, server.DatabaseFile)}
		}, nil, "give the folder"},
		{"a truncated database", func(t *testing.T, dir string) server.Config {
			path := filepath.Join(dir, server.DatabaseFile)
			body := read(t, path)
			write(t, path, body[:len(body)/2], 0o600)
			return server.Config{Dir: dir}
		}, store.ErrDamaged, "restore the newest backup"},
		{"another program's file", func(t *testing.T, dir string) server.Config {
			write(t, filepath.Join(dir, server.DatabaseFile), []byte(strings.Repeat("somebody's notes ", 1000)), 0o600)
			return server.Config{Dir: dir}
		}, store.ErrDamaged, "restore the newest backup"},
		{"a newer database", func(t *testing.T, dir string) server.Config {
			path := filepath.Join(dir, server.DatabaseFile)
			body := read(t, path)
			binary.BigEndian.PutUint32(body[userVersionOffset:], 999)
			write(t, path, body, 0o600)
			return server.Config{Dir: dir}
		}, store.ErrNewer, "install the newer software"},
		{"newer records", func(t *testing.T, dir string) server.Config {
			raiseSchema(t, dir)
			return server.Config{Dir: dir}
		}, store.ErrNewer, "install the newer software"},
		{"no secrets", func(t *testing.T, dir string) server.Config {
			if err := os.Remove(filepath.Join(dir, server.SecretsFile)); err != nil {
				t.Fatal(err)
			}
			return server.Config{Dir: dir}
		}, identity.ErrSecretsMissing, "from the backup"},
		{"another realm's secrets", func(t *testing.T, dir string) server.Config {
			other := t.TempDir()
			if _, err := server.Init(t.Context(), server.InitOptions{Dir: other, Realm: "530702"}); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, server.SecretsFile), read(t, filepath.Join(other, server.SecretsFile)), 0o600)
			return server.Config{Dir: dir}
		}, identity.ErrSecretsOther, "from the backup"},
		{"secrets that all may read", func(t *testing.T, dir string) server.Config {
			if err := os.Chmod(filepath.Join(dir, server.SecretsFile), 0o644); err != nil {
				t.Fatal(err)
			}
			return server.Config{Dir: dir}
		}, identity.ErrSecretsExposed, "chmod"},
		{"keys whose database is gone", func(t *testing.T, dir string) server.Config {
			if err := os.Remove(filepath.Join(dir, server.DatabaseFile)); err != nil {
				t.Fatal(err)
			}
			return server.Config{Dir: dir}
		}, identity.ErrNotInitialised, "put the file back"},
		{"a realm that was moved into a database", func(t *testing.T, dir string) server.Config {
			from := filepath.Join(dir, server.DatabaseFile)
			if err := os.Rename(from, from+server.MovedSuffix); err != nil {
				t.Fatal(err)
			}
			return server.Config{Dir: dir}
		}, identity.ErrNotInitialised, "name it with --store"},
		{"a second server", func(t *testing.T, dir string) server.Config {
			open(t, server.Config{Dir: dir})
			return server.Config{Dir: dir}
		}, sqlitestore.ErrInUse, "stop the other server"},
		{"plain text for others", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: dir, Listen: "0.0.0.0:0"}
		}, server.ErrPlainText, "certificate"},
		{"plain text on every address", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: dir, Listen: ":0"}
		}, server.ErrPlainText, "certificate"},
		{"a certificate without a key", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: dir, CertFile: "cert.pem"}
		}, nil, "key file"},
		{"a certificate that is not there", func(t *testing.T, dir string) server.Config {
			return server.Config{Dir: dir, CertFile: "cert.pem", KeyFile: "key.pem"}
		}, os.ErrNotExist, "cert.pem"},
		{"an address that is taken", func(t *testing.T, dir string) server.Config {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			return server.Config{Dir: dir, Listen: l.Addr().String()}
		}, nil, "choose another address"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			config := c.spoil(t, founded(t))
			if config.Listen == "" {
				config.Listen = "127.0.0.1:0"
			}
			s, err := server.Open(t.Context(), config)
			if errors.Is(err, identity.ErrNotInitialised) && len(files(t, config.Dir)) > 1 && strings.Contains(err.Error(), "onedoor init") {
				t.Errorf("keys are there, and init would make others: %v", err)
			}
			if err == nil {
				t.Fatal(errors.Join(errors.New("it opened"), s.Stop(cut())))
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, c.says)
			}
		})
	}
}

// open opens a server that the test's end stops.
func open(t *testing.T, config server.Config) *server.Server {
	t.Helper()
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	s, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(cut()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raiseSchema makes a realm look as if newer software had written it.
func raiseSchema(t *testing.T, dir string) {
	t.Helper()
	changeStore(t, dir, func(w store.Writer) error {
		realm, err := identity.GetRealm(w)
		if err != nil {
			return err
		}
		realm.SchemaVersion = 999
		return identity.PutRealm(w, realm)
	})
}

// changeStore changes a realm behind the server's back.
func changeStore(t *testing.T, dir string, f func(store.Writer) error) {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), filepath.Join(dir, server.DatabaseFile), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(st.Update(t.Context(), f), st.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_PlainTextOffLoopbackIsServedWhenAskedFor(t *testing.T) {
	open(t, server.Config{Dir: founded(t), Listen: "0.0.0.0:0", PlainText: true})
}

func TestOpen_AFailedOpenLetsTheNextOneIn(t *testing.T) {
	dir := founded(t)
	if _, err := server.Open(t.Context(), server.Config{Dir: dir, Listen: "127.0.0.1:99999"}); err == nil {
		t.Fatal("it listens on a port that is none")
	}
	open(t, server.Config{Dir: dir})
}

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
)

// Names of the environment.
const (
	envKey = "ONEDOOR_PHONE_KEY"
	envDir = "ONEDOOR_PHONE_DIR"
)

// working marks the errors of a command's work as failures. about tells how many
// of the arguments name what the command is about.
func (a *app) working(about int, f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if a.language != "" && a.language != string(client.Chinese) && a.language != string(client.English) {
			return misused("--lang %s: zh or en is needed", a.language)
		}
		if a.dir == "" {
			a.dir = a.Getenv(envDir)
		}
		if a.dir == "" {
			return misused("--dir is needed: the folder of the phone")
		}
		err := f(c.Context(), args)
		if wrong, ok := errors.AsType[*misuse](err); ok {
			return wrong
		}
		if err != nil {
			return &failure{about: args[:min(about, len(args))], err: err}
		}
		return nil
	}
}

// onPhone is working with the phone open.
func (a *app) onPhone(about int, f func(ctx context.Context, p *client.Replica, args []string) error) func(*cobra.Command, []string) error {
	return a.working(about, func(ctx context.Context, args []string) error {
		if !client.Exists(a.dir) {
			return fmt.Errorf("%s: %w", a.dir, client.ErrNotEnrolled)
		}
		key, _, err := a.key(false)
		if err != nil {
			return err
		}
		p, err := a.open(key)
		if err != nil {
			return err
		}
		return errors.Join(f(ctx, p, args), p.Close())
	})
}

func (a *app) open(key []byte) (*client.Replica, error) {
	o := client.Options{Plaintext: a.plaintext}
	if name, err := os.Hostname(); err == nil {
		o.DeviceName = clip(name)
	}
	if a.tlsCA != "" {
		var err error
		if o.RootsPEM, err = os.ReadFile(a.tlsCA); err != nil {
			return nil, err
		}
	}
	return client.Open(a.dir, key, o)
}

// clip keeps a machine's name within what a device may be called.
func clip(name string) string {
	const charsMax = 64
	r := []rune(strings.ToValidUTF8(name, ""))
	return string(r[:min(len(r), charsMax)])
}

// key gives the key and where it comes from. With create, a key file is made
// where there is no key.
func (a *app) key(create bool) (key []byte, from string, err error) {
	if text := a.Getenv(envKey); text != "" && a.keyFile == "" {
		key, err = decodeKey(text)
		return key, envKey, err
	}
	file, err := a.keyPath()
	if err != nil {
		return nil, "", err
	}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && create:
		key, err = makeKeyFile(file)
	case errors.Is(err, fs.ErrNotExist):
		err = &client.Refusal{Complaints: []client.Complaint{{
			ZH: "没有密钥：请设置" + envKey + "，或把密钥文件放回" + file + "。",
			EN: "there is no key: set " + envKey + ", or put the key file back at " + file,
		}}}
	case err == nil:
		key, err = decodeKey(string(text))
	}
	return key, file, err
}

func decodeKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != client.KeyBytes {
		return nil, &client.Refusal{Complaints: []client.Complaint{{
			ZH: fmt.Sprintf("密钥应为%d字节的base64。", client.KeyBytes),
			EN: fmt.Sprintf("the key must be %d bytes in base64", client.KeyBytes),
		}}}
	}
	return key, nil
}

// keyPath is the place of the key file: never in the phone's folder, so that a
// copy of the folder opens nothing.
func (a *app) keyPath() (string, error) {
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return "", err
	}
	file := a.keyFile
	if file == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return "", fmt.Errorf("no place for a key file: set %s: %w", envKey, err)
		}
		sum := sha256.Sum256([]byte(dir))
		file = filepath.Join(config, "onedoor", "phone-keys", hex.EncodeToString(sum[:16])+".key")
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	if inside, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(inside) {
		return "", misused("the key file %s lies in the phone's folder: put it elsewhere, or set %s", file, envKey)
	}
	return file, nil
}

// makeKeyFile draws a key and writes it durably before anything is sealed with it.
func makeKeyFile(file string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	key := make([]byte, client.KeyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	return key, errors.Join(err, f.Sync(), f.Close())
}

package main

import (
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

	client "onedoor/client-sdk"
)

// envKey holds a folder's key instead of a key file: base64 of 32 bytes.
const envKey = "ONEDOOR_PHONE_KEY"

// keyNameBytes is how much of the hash of a folder's path names its key file:
// enough that two folders of one person do not meet.
const keyNameBytes = 8

// key is a folder's key.
type key struct {
	bytes []byte
	// file is where it is kept; empty when it comes from the environment.
	file string
}

// source says where the key came from.
func (k key) source() string {
	if k.file == "" {
		return "$" + envKey
	}
	return k.file
}

// findKey gives the folder's key, which must be there.
func (a *app) findKey() (key, error) {
	k, err := a.readKey()
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if client.Exists(a.dir) {
		return k, lostKey(a.dir, k.file)
	}
	return k, client.ErrNotEnrolled
}

// makeKey gives the key of a folder that is to be enrolled, made where there is none.
func (a *app) makeKey() (key, error) {
	k, err := a.readKey()
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return k, err
	case client.Exists(a.dir):
		return k, lostKey(a.dir, k.file)
	}
	k.bytes = make([]byte, client.KeyBytes)
	if _, err := rand.Read(k.bytes); err != nil {
		return k, fmt.Errorf("make a key: %w", err)
	}
	return k, k.write()
}

// lostKey never leads to a new key: that one could not open the folder.
func lostKey(dir, file string) error {
	return &told{says: client.Sentence{
		ZH: fmt.Sprintf("文件夹%s的密钥文件%s不存在，请放回原处，或用%s给出密钥。", dir, file, envKey),
		EN: fmt.Sprintf("%s holds a phone whose key file %s is missing: put it back, or give the key in $%s", dir, file, envKey),
	}}
}

// readKey reads the key from the environment or from its file. The error is
// fs.ErrNotExist where there is no file yet; its place is given then, too.
func (a *app) readKey() (key, error) {
	if text := os.Getenv(envKey); text != "" {
		return decodeKey(text, "", "$"+envKey)
	}
	file, err := keyFile(a.dir)
	if err != nil {
		return key{}, err
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return key{file: file}, fs.ErrNotExist
	}
	if err != nil {
		return key{}, fmt.Errorf("read the phone's key: %w: make it readable, or give the key in $%s", err, envKey)
	}
	return decodeKey(string(text), file, file)
}

// decodeKey never quotes what it was given.
func decodeKey(text, file, source string) (key, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != client.KeyBytes {
		return key{}, &told{cause: client.ErrKey, says: client.Sentence{
			ZH: fmt.Sprintf("%s中的密钥格式不对：需要%d字节的base64。", source, client.KeyBytes),
			EN: fmt.Sprintf("%s holds no key: base64 of %d bytes is needed", source, client.KeyBytes),
		}}
	}
	return key{bytes: b, file: file}, nil
}

// keyFile gives the place of a folder's key, which lies outside the folder: who
// takes a copy of the folder has not taken the key.
func keyFile(dir string) (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", &told{cause: err, says: client.Sentence{
			ZH: fmt.Sprintf("没有存放密钥的地方（HOME未设置），请用%s给出密钥（32字节的base64）。", envKey),
			EN: fmt.Sprintf("there is no place for the key file (%v): give the key in $%s, base64 of %d bytes", err, envKey, client.KeyBytes),
		}}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("folder %s: %w: give --dir as a full path", dir, err)
	}
	sum := sha256.Sum256([]byte(abs))
	file := filepath.Join(config, "onedoor", "phone-keys", hex.EncodeToString(sum[:keyNameBytes])+".key")
	if inside, err := filepath.Rel(abs, file); err == nil && filepath.IsLocal(inside) {
		return "", &told{says: client.Sentence{
			ZH: fmt.Sprintf("密钥文件%s会落在文件夹%s里，请换一个文件夹，或用%s给出密钥。", file, dir, envKey),
			EN: fmt.Sprintf("the key file %s would lie inside %s: choose another folder, or give the key in $%s", file, dir, envKey),
		}}
	}
	return file, nil
}

// write makes the key file durable before anything is encrypted with the key.
func (k key) write() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the phone's key: %w: make the folder writable, or give the key in $%s", err, envKey)
		}
	}()
	if err := os.MkdirAll(filepath.Dir(k.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(k.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(k.bytes) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		// Half a key opens nothing and would stand in the way of the next try.
		return errors.Join(err, os.Remove(k.file))
	}
	folder, err := os.Open(filepath.Dir(k.file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// destroyAfter takes the key file of a folder away whose phone was wiped.
func (k key) destroyAfter(dir string) error {
	note, err := client.Wiped(dir)
	if err != nil || note == nil || k.file == "" {
		return err
	}
	return os.Remove(k.file)
}

package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// tokenFileBytesMax bounds what is read of a token file: a token has some 60 bytes.
const tokenFileBytesMax = 4096

// WriteToken writes a token to a new file that its owner alone may read.
func WriteToken(path, token string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the token: %w", err)
	}
	_, err = io.WriteString(f, token+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the token: %w", err), os.Remove(path))
	}
	return nil
}

// ReadToken reads a token file.
func ReadToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, tokenFileBytesMax+1))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(text) > tokenFileBytesMax || token == "" || strings.ContainsAny(token, " \n") {
		return "", fmt.Errorf("read the token: %s holds no token: give the file that `onedoor init` or `onedoor token` made", path)
	}
	return token, nil
}

// Package buckettest is a server that speaks S3, in memory, for tests of who keeps something in a bucket. Only tests import it.
package buckettest

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Start starts a server that the test's end stops, and gives the URL of an empty bucket on it. What opens it stands in the
// test's environment.
func Start(t *testing.T) string {
	t.Helper()
	back := s3mem.New()
	if err := back.CreateBucket("onedoor-backups"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(back, gofakes3.WithTimeSkewLimit(0)).Server())
	t.Cleanup(s.Close)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	return "s3://onedoor-backups?region=cn-north-1&use_path_style=true&endpoint=" + url.QueryEscape(s.URL)
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"

	"onedoor/internal/command"
	"onedoor/server"
)

func newFeed(a *app) *cobra.Command {
	return a.reaching(command.Group("feed", "Tell systems outside how records stand, and take theirs",
		`A feed tells a hotline or a city's platform how records stand, with the rights of
one user of the realm; sealed fields go out only under an entry of the sharing
register (onedoor privacy share). Its receiver reads pages from a cursor, or has
them posted to an address. Every page stands in the access ledger before it
leaves. docs/feeds.md tells receivers what to do with a page.`,
		a.feedAdd(), a.feedSet(), a.feedList(), a.feedClose(), a.feedRead(), a.feedSubmit(), a.feedRefer()))
}

// feedJSON is a feed as `feed list --json` prints it.
type feedJSON struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	UserID   string          `json:"user_id"`
	Kinds    []string        `json:"kinds"`
	Sharing  uint64          `json:"sharing,omitempty"`
	Purpose  string          `json:"purpose"`
	URL      string          `json:"url,omitempty"`
	State    string          `json:"state"`
	Made     json.RawMessage `json:"made"`
	Closed   json.RawMessage `json:"closed,omitempty"`
	Behind   uint64          `json:"behind"`
	Taken    json.RawMessage `json:"taken,omitempty"`
	Failures uint32          `json:"failures,omitempty"`
	Failure  string          `json:"failure,omitempty"`
	Next     json.RawMessage `json:"next,omitempty"`
	// SecretFile is where the secret was written to.
	SecretFile string `json:"secret_file,omitempty"`
}

func feedOf(m *feedv1.Feed) feedJSON {
	out := feedJSON{
		ID: m.GetId(), Name: m.GetName(), UserID: m.GetUserId(), Kinds: append([]string{}, m.GetKinds()...), Sharing: m.GetSharing(), Purpose: m.GetPurpose(),
		URL: m.GetUrl(), State: short(m.GetState()), Made: command.TimeJSON(m.GetMadeMs()), Behind: m.GetBehind(), Failures: m.GetFailures(), Failure: m.GetFailure(),
	}
	for _, at := range []struct {
		ms   int64
		into *json.RawMessage
	}{{m.GetClosedMs(), &out.Closed}, {m.GetTakenMs(), &out.Taken}, {m.GetNextMs(), &out.Next}} {
		if at.ms != 0 {
			*at.into = command.TimeJSON(at.ms)
		}
	}
	return out
}

// feedFlags are what a feed is made of.
type feedFlags struct {
	name, user, purpose, url, secretFile string
	kinds                                []string
	sharing                              uint64
	renew                                bool
}

func (f *feedFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringSliceVar(&f.kinds, "kinds", nil, "`KIND,…` that are sent, such as dispute,hazard (default: all that the user's role reads)")
	flags.Uint64Var(&f.sharing, "sharing", 0, "`NUMBER` of the entry of the sharing register that allows sealed fields; none are sent without it")
	flags.StringVar(&f.purpose, "purpose", "", "`TEXT`: what the records are used for; it stands in the access ledger with every page")
	flags.StringVar(&f.url, "url", "", "`URL` to post pages to, https (http to this machine alone); without it the receiver reads them")
	flags.StringVar(&f.secretFile, "secret-out", "", "`FILE` to write the secret to that signs what is posted (mode 0600, must not be there)")
	command.Required(c, "purpose")
}

// request gives what both commands ask with.
func (f *feedFlags) request() (*feedv1.PutFeedRequest, error) {
	if f.url != "" || f.renew {
		if f.secretFile == "" && (f.renew || f.name != "") {
			return nil, command.Misused("--secret-out: say where to write the secret, which is told this once")
		}
	} else if f.secretFile != "" {
		return nil, command.Misused("--secret-out: a feed without --url has no secret")
	}
	if f.secretFile != "" {
		if _, err := os.Lstat(f.secretFile); err == nil {
			return nil, fmt.Errorf("write the secret to %s: a file is there already: choose another name", f.secretFile)
		}
	}
	return &feedv1.PutFeedRequest{Kinds: f.kinds, Sharing: f.sharing, Purpose: f.purpose, Url: f.url, RenewSecret: f.renew}, nil
}

// put asks the server, and writes a secret that it tells.
func (a *app) put(client *client, req *feedv1.PutFeedRequest, secretFile string) error {
	m, err := client.feeds.PutFeed(client.ctx, req)
	if err != nil {
		return err
	}
	out := feedOf(m.GetFeed())
	if m.GetSecret() != "" && secretFile != "" {
		if err := server.WriteToken(secretFile, m.GetSecret()); err != nil {
			return fmt.Errorf("feed %s stands, and its secret could not be written: %w: draw another with `onedoor feed set %s --renew-secret`", out.ID, err, out.ID)
		}
		out.SecretFile = secretFile
	}
	return a.Print(out, func(w io.Writer) {
		fmt.Fprintf(w, "feed %s %s (%s)\n%s\n", out.ID, command.Printable(out.Name), out.State, out.sends())
		if out.SecretFile != "" {
			fmt.Fprintf(w, "secret written to %s\n", out.SecretFile)
		}
	})
}

// sends says what goes where, since what a command left out is not sent any more.
func (f feedJSON) sends() string {
	kinds, sealed, way := "all kinds that its user reads", "no sealed field", "read with its user's token"
	if len(f.Kinds) > 0 {
		kinds = strings.Join(f.Kinds, ", ")
	}
	if f.Sharing != 0 {
		sealed = fmt.Sprintf("sealed fields by entry %d of the sharing register", f.Sharing)
	}
	if f.URL != "" {
		way = "posted to " + command.Printable(f.URL)
	}
	return fmt.Sprintf("sends %s, %s, %s", kinds, sealed, way)
}

func (a *app) feedAdd() *cobra.Command {
	f := &feedFlags{}
	c := &cobra.Command{
		Use: "add --name NAME --user USER --purpose TEXT", Short: "Make a feed", Args: cobra.NoArgs,
		Long: `Makes a feed with the rights of a user: make one for the system with
"onedoor user add", in the role and territory that the system may read. With
--url pages are posted there, each signed with the feed's secret; without it the
system reads them with that user's token ("onedoor token").`,
		Example: `  onedoor feed add --name 12345热线 --user USER_ID --kinds dispute --purpose 热线工单回访 --data ./realm
  onedoor feed add --name 城市平台 --user USER_ID --purpose 平台协同 --url https://platform.example/onedoor --secret-out platform.secret --data ./realm`,
	}
	c.Flags().StringVar(&f.name, "name", "", "`NAME` of the system for people")
	c.Flags().StringVar(&f.user, "user", "", "the `USER` whose rights it has")
	f.add(c)
	command.Required(c, "name", "user")
	c.RunE = a.asking(func(client *client, _ []string) error {
		req, err := f.request()
		if err != nil {
			return err
		}
		id, err := parseID("--user", f.user)
		if err != nil {
			return err
		}
		req.Name, req.UserId = f.name, idText(id)
		return a.put(client, req, f.secretFile)
	})
	return c
}

func (a *app) feedSet() *cobra.Command {
	f := &feedFlags{}
	c := &cobra.Command{
		Use: "set FEED --purpose TEXT", Short: "Replace what stands of a feed", Args: cobra.ExactArgs(1),
		Long: `Replaces kinds, sharing, purpose and address as they are given: what is left out
is taken away. Name and user stay. After a change of its kinds or of
whether it has sealed fields the feed begins from the start by itself.`,
		Example: "  onedoor feed set FEED_ID --kinds dispute,hazard --purpose 平台协同 --url https://platform.example/onedoor --data ./realm",
	}
	f.add(c)
	c.Flags().BoolVar(&f.renew, "renew-secret", false, "draw the secret anew; the one before is void at once")
	c.RunE = a.asking(func(client *client, args []string) error {
		req, err := f.request()
		if err != nil {
			return err
		}
		id, err := parseID("feed", args[0])
		if err != nil {
			return err
		}
		req.Id = idText(id)
		if err := f.keepsSecret(client, req); err != nil {
			return err
		}
		return a.put(client, req, f.secretFile)
	})
	return c
}

// keepsSecret refuses to give a feed that was read an address without a place for its secret: it is told this once, and nobody
// could verify what is posted.
func (f *feedFlags) keepsSecret(client *client, req *feedv1.PutFeedRequest) error {
	if f.url == "" || f.secretFile != "" {
		return nil
	}
	m, err := client.feeds.ListFeeds(client.ctx, &feedv1.ListFeedsRequest{})
	if err != nil {
		return err
	}
	for _, feed := range m.GetFeeds() {
		if feed.GetId() == req.GetId() && feed.GetUrl() == "" {
			return command.Misused("--secret-out: the feed had no address: say where to write the secret that signs what is posted, which is told this once")
		}
	}
	return nil
}

func (a *app) feedList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List feeds and how far each has come", Args: cobra.NoArgs,
		Long:    "An operator sees all feeds, a feed's user their own. BEHIND counts entries of the\nlog that were not taken yet, of feeds whose pages are posted.",
		Example: "  onedoor feed list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		m, err := client.feeds.ListFeeds(client.ctx, &feedv1.ListFeedsRequest{})
		if err != nil {
			return err
		}
		feeds := make([]feedJSON, 0, len(m.GetFeeds()))
		t := command.Table{}
		t.Add("ID", "NAME", "STATE", "KINDS", "SHARING", "TO", "BEHIND", "LAST TAKEN", "FAILURE")
		for _, f := range m.GetFeeds() {
			j := feedOf(f)
			feeds = append(feeds, j)
			sharing, to, behind := "-", "read", "-"
			if j.Sharing != 0 {
				sharing = fmt.Sprint(j.Sharing)
			}
			if j.URL != "" {
				to, behind = j.URL, fmt.Sprint(j.Behind)
			}
			t.Add(j.ID, j.Name, j.State, orAll(j.Kinds), sharing, to, behind, command.TimeText(f.GetTakenMs()), orDash(j.Failure))
		}
		return a.Print(map[string]any{"feeds": feeds}, t.Write)
	})
	return c
}

func orAll(kinds []string) string {
	if len(kinds) == 0 {
		return "all"
	}
	return strings.Join(kinds, " ")
}

func (a *app) feedClose() *cobra.Command {
	c := &cobra.Command{
		Use: "close FEED", Short: "End a feed for good", Args: cobra.ExactArgs(1),
		Long:    "Nothing is sent from then on, also after a restore where a side ledger is kept.\nWhat the system holds already is not taken back: ask its operator.",
		Example: "  onedoor feed close FEED_ID --data ./realm",
	}
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("feed", args[0])
		if err != nil {
			return err
		}
		if _, err := client.feeds.CloseFeed(client.ctx, &feedv1.CloseFeedRequest{Id: idText(id)}); err != nil {
			return err
		}
		result := doneJSON{idText(id), "closed"}
		return a.Print(result, func(w io.Writer) { fmt.Fprintf(w, "feed %s is closed\n", result.ID) })
	})
	return c
}

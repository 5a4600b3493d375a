package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
)

func newColleagues(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "colleagues", Short: "List the people of the realm", Args: cobra.NoArgs,
		Long: `Lists the people who work in the realm with their ids, for fields that name a
colleague. Those who have left come last and are offered for nothing new.`,
		Example: "  onedoor-phone --dir ./phone colleagues --json",
	}
	c.RunE = a.using(func(_ context.Context, p *phone, _ []string) error {
		people, err := p.Colleagues()
		if err != nil {
			return err
		}
		return a.Print(client.ColleaguesObject(people), func(w io.Writer) {
			t := command.Table{}
			for i := range people {
				c := &people[i]
				role := client.Sentence{ZH: c.Role.LabelZH(), EN: c.Role.LabelEN()}
				t.Add(c.ID.String(), command.Printable(c.Name), role.In(a.language()), command.Printable(c.Department), leftMark(c).In(a.language()))
			}
			t.Write(w)
			fmt.Fprintln(w, command.Count(len(people), "colleague"))
		})
	})
	return c
}

// leftMark says that a colleague has left; nothing for one who has not.
func leftMark(c *client.Colleague) client.Sentence {
	if !c.Left {
		return client.Sentence{}
	}
	return client.Sentence{ZH: "已离岗", EN: "left"}
}

package main

import (
	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// Lists come in pages; a command prints the whole list, page after page.

// everyPage asks for a list from its first page to its last.
func everyPage[R any](page func(token []byte) (rows []R, next []byte, err error)) (all []R, err error) {
	var token []byte
	for {
		rows, next, err := page(token)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if len(next) == 0 {
			return all, nil
		}
		token = next
	}
}

func (c *client) everyUser() ([]*adminv1.User, error) {
	return everyPage(func(token []byte) ([]*adminv1.User, []byte, error) {
		m, err := c.ListUsers(c.ctx, &adminv1.ListUsersRequest{PageToken: token})
		return m.GetUsers(), m.GetNextPageToken(), err
	})
}

func (c *client) everyTeam() ([]*adminv1.Team, error) {
	return everyPage(func(token []byte) ([]*adminv1.Team, []byte, error) {
		m, err := c.ListTeams(c.ctx, &adminv1.ListTeamsRequest{PageToken: token})
		return m.GetTeams(), m.GetNextPageToken(), err
	})
}

func (c *client) everyDevice() ([]*adminv1.Device, error) {
	return everyPage(func(token []byte) ([]*adminv1.Device, []byte, error) {
		m, err := c.ListDevices(c.ctx, &adminv1.ListDevicesRequest{PageToken: token})
		return m.GetDevices(), m.GetNextPageToken(), err
	})
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// runHTTP reads every answer to its end by net/http and keeps nothing.
func runHTTP(j *job) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: j.streams}}
	return j.all(func() error {
		for n, ok := j.take(); ok; n, ok = j.take() {
			if err := j.get(client, n); err != nil {
				return err
			}
		}
		return nil
	})
}

func (j *job) get(client *http.Client, n int64) error {
	req, err := http.NewRequest(http.MethodPost, j.url.String(), bytes.NewReader(j.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-ID", j.id(n))
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("request %d: %s", n, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

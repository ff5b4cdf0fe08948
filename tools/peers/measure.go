package main
func measure(args []string) error { return nil }
func compare(args []string) error { return nil }

package main

import "strings"

// words are one token each, at the beginning of a text and behind a blank.
const words = `about above across after again air all almost along also always among and another answer any apple
area arm around art ask author autumn away baby back balance ball bank base basket beach bear beauty bed before begin
behind bell below best better between beyond big bird black block blue board boat body book border both bottle box
branch brave bread bridge bright bring broad brother brown build business busy butter button buy call camp card care
carry case castle cat cause center chain chair change child city class clean clear clock close cloud coast coat cold`

// blank stands for a blank in a token.
const blank = "Ġ"

// learn makes merges that make one token of each word. A later merge gives way
// to the earlier ones, so that what a word has become it remains.
func learn(words []string) []string {
	var merges []string
	rank := map[[2]string]int{}
	for _, word := range words {
		for _, text := range []string{word, blank + word} {
			for parts := merge(text, rank); len(parts) > 1; parts = merge(text, rank) {
				rank[[2]string{parts[0], parts[1]}] = len(merges)
				merges = append(merges, parts[0]+" "+parts[1])
			}
		}
	}
	return merges
}

// merge splits a text as byte pair encoding does.
func merge(text string, rank map[[2]string]int) []string {
	parts := strings.Split(text, "")
	for {
		at, best := -1, len(rank)
		for i := range parts[1:] {
			if r, ok := rank[[2]string{parts[i], parts[i+1]}]; ok && r < best {
				at, best = i, r
			}
		}
		if at < 0 {
			return parts
		}
		parts[at] += parts[at+1]
		parts = append(parts[:at+1], parts[at+2:]...)
	}
}

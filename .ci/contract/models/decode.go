// Reads a server's answers with the generated Go models, as a site's backend would, and writes
// them again: nothing may be lost. Usage: decode FOLDER, of answers.py.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"broadsheet/broadsheet"
)

func model(name string) any {
	switch name {
	case "PageDocument":
		return new(broadsheet.PageDocument)
	case "ArticleDocument":
		return new(broadsheet.ArticleDocument)
	case "ArticleCardPage":
		return new(broadsheet.ArticleCardPage)
	case "SparseArticle":
		return new(broadsheet.SparseArticle)
	case "SparseArticleCardPage":
		return new(broadsheet.SparseArticleCardPage)
	case "Thread":
		return new(broadsheet.Thread)
	case "SectionTree":
		return new(broadsheet.SectionTree)
	case "PublicAdSlots":
		return new(broadsheet.PublicAdSlots)
	case "Problem":
		return new(broadsheet.Problem)
	}
	log.Fatalf("no model is tried on %s", name)
	return nil
}

// plain is a value without what is null, and with instants as one and the same text however they
// are written.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		members := map[string]any{}
		for name, member := range value {
			if member != nil {
				members[name] = plain(member)
			}
		}
		return members
	case []any:
		items := []any{}
		for _, item := range value {
			items = append(items, plain(item))
		}
		return items
	case string:
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	}
	return value
}

func parsed(data []byte) any {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		log.Fatal(err)
	}
	return plain(value)
}

func main() {
	files, _ := filepath.Glob(filepath.Join(os.Args[1], "*.json"))
	read := 0
	for _, file := range files {
		answer, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		parts := strings.Split(filepath.Base(file), ".")
		value := model(parts[0])
		if err := json.Unmarshal(answer, value); err != nil {
			log.Fatalf("%s: %s", file, err)
		}
		if parts[1] == "grown" {
			article := value.(*broadsheet.PageDocument).ArticleDocument
			known := 0
			for _, block := range article.Blocks {
				// One that the models do not know is of no type at all.
				if block.GetActualInstance() != nil {
					known++
				}
			}
			if known*2 != len(article.Blocks) {
				log.Fatalf("%d of %d blocks are known", known, len(article.Blocks))
			}
			if article.Genre != broadsheet.GENRE_UNKNOWN_DEFAULT_OPEN_API {
				log.Fatalf("the genre is %s", article.Genre)
			}
			continue
		}
		written, err := json.Marshal(value)
		if err != nil {
			log.Fatalf("%s: %s", file, err)
		}
		if !reflect.DeepEqual(parsed(written), parsed(answer)) {
			log.Fatalf("%s is read as\n%s\nand was\n%s", file, written, answer)
		}
		read++
	}
	if read <= 20 {
		log.Fatalf("only %d answers", read)
	}
	fmt.Printf("go: %d answers read and written\n", read)
}

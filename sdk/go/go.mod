module github.com/tripgen/tripgen/sdk/go

go 1.26

module neon

go 1.26

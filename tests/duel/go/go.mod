module duel

go 1.19

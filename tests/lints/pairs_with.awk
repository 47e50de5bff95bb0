# Names every acquire and release order that does not say with what it
# pairs: on its line, or in the comment above its statement, there must
# be "pairs with <function>: <what becomes visible>".
#
#   awk -f pairs_with.awk solutions/*/*.hpp

FNR == 1 { argued = 0; comment = 0 }

/^[ \t]*\/\/@/ { next }  # a skeleton's line

/^[ \t]*\/\// {
  if (!comment) argued = 0
  comment = 1
  if (/pairs with/) argued = 1
  next
}

{ comment = 0 }

/memory_order(_|::)(acquire|release|acq_rel|consume)/ {
  if (!argued && !/pairs with/)
    printf "%s:%d: says nowhere with what it pairs\n", FILENAME, FNR
}

/[;{}]/ && !/memory_order/ { argued = 0 }

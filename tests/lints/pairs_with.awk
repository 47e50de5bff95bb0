# Names every memory order weaker than seq_cst that is not argued: on
# its line, or in the comment above its statement, there must be
#
#   acquire, release   pairs with <function>: <what becomes visible>
#   relaxed            relaxed: <why no order is needed>
#
#   awk -f pairs_with.awk solutions/*/*.hpp

FNR == 1 { argued = 0; relaxed = 0; comment = 0 }

/^[ \t]*\/\/@/ { next }  # a skeleton's line

/^[ \t]*\/\// {
  if (!comment) argued = relaxed = 0
  comment = 1
  if (/pairs with/) argued = 1
  if (/relaxed:/) relaxed = 1
  next
}

{ comment = 0 }

/memory_order(_|::)(acquire|release|acq_rel|consume)/ {
  if (!argued && !/pairs with/)
    printf "%s:%d: says nowhere with what it pairs\n", FILENAME, FNR
}

/memory_order(_|::)relaxed/ {
  if (!relaxed && !/relaxed:/)
    printf "%s:%d: says nowhere why relaxed suffices\n", FILENAME, FNR
}

/[;{}]/ && !/memory_order/ { argued = relaxed = 0 }

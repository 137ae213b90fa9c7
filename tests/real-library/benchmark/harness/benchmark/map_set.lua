-- What a compiled TypeScript program spends its time on when it keeps its data in Map and Set: building an index,
-- walking it, comparing sets, and a cache that forgets its oldest entry. Every result is checked against plain tables
-- before a time is printed.

local library = assert(loadfile("dist/lualib/universal/lualib_bundle.lua"))()
local Map, Set = library.Map, library.Set
local new, iterate = library.__TS__New, library.__TS__Iterator

local DOCUMENTS, WORDS_PER_DOCUMENT, VOCABULARY = 400, 60, 900
local PASSES, CACHE_SIZE, CACHE_REQUESTS = 16, 200, 60000

--- Numbers from 1 to `limit`, the same in every run.
local function numbers(state)
  return function(limit)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % limit + 1
  end
end

--- Lists of words; small word numbers are more frequent, as in a text.
local function documents()
  local draw, list = numbers(20260101), {}
  for document = 1, DOCUMENTS do
    local words = {}
    for position = 1, WORDS_PER_DOCUMENT do
      words[position] = "word" .. draw(draw(VOCABULARY))
    end
    list[document] = words
  end
  return list
end

--- word -> set of the documents that have it, in order of appearance.
local function index_of(list)
  local index = new(Map)
  for document, words in ipairs(list) do
    for _, word in ipairs(words) do
      local holders = index:get(word)
      if not holders then
        holders = new(Set)
        index:set(word, holders)
      end
      holders:add(document)
    end
  end
  return index
end

--- Walks everything in the index in the ways that `for..of` and `forEach` are compiled to.
local function walk(index)
  local words, postings, checksum, position = 0, 0, 0, 0
  for _, entry in iterate(index) do
    words, position = words + 1, position + 1
    for _, document in iterate(entry[2]) do
      checksum = (checksum + position * document) % 1000003
    end
  end
  for _, holders in iterate(index:values()) do
    postings = postings + holders.size
  end
  for _, word in iterate(index:keys()) do
    checksum = (checksum + #word) % 1000003
  end
  index:forEach(function(_, holders, word)
    holders:forEach(function(_, document)
      checksum = (checksum + document + #word) % 1000003
    end)
  end)
  return words, postings, checksum
end

--- The same from plain tables.
local function walk_expected(list)
  local order, holders, postings, checksum = {}, {}, 0, 0
  for document, words in ipairs(list) do
    for _, word in ipairs(words) do
      if not holders[word] then
        holders[word] = {}
        order[#order + 1] = word
      end
      local documents_of_word = holders[word]
      if documents_of_word[#documents_of_word] ~= document then
        documents_of_word[#documents_of_word + 1] = document
      end
    end
  end
  for position, word in ipairs(order) do
    for _, document in ipairs(holders[word]) do
      postings = postings + 1
      checksum = checksum + position * document + document + #word
    end
    checksum = checksum + #word
  end
  return #order, postings, checksum % 1000003
end

--- How many documents hold one, and how many hold both, of every two neighbours among the words.
local function overlaps(index)
  local either, both, before = 0, 0, nil
  for _, holders in iterate(index:values()) do
    if before then
      either = either + before:union(holders).size
      both = both + before:intersection(holders).size
    end
    before = holders
  end
  return either, both
end

--- Hits of a cache that drops the entry unused for longest.
local function cache_hits()
  local draw, cache, hits = numbers(7), new(Map), 0
  for _ = 1, CACHE_REQUESTS do
    local key = draw(draw(2 * CACHE_SIZE + 100))
    local value = cache:get(key)
    if value then
      hits = hits + 1
      cache:delete(key)
    elseif cache.size >= CACHE_SIZE then
      cache:delete(cache:keys():next().value)
    end
    cache:set(key, value or { key })
  end
  return hits, cache.size
end

--- The same with the time of last use in a plain table.
local function cache_hits_expected()
  local draw, used, size, hits = numbers(7), {}, 0, 0
  for now = 1, CACHE_REQUESTS do
    local key = draw(draw(2 * CACHE_SIZE + 100))
    if used[key] then
      hits = hits + 1
    else
      size = size + 1
      if size > CACHE_SIZE then
        local oldest
        for candidate, time in pairs(used) do
          if not oldest or time < used[oldest] then
            oldest = candidate
          end
        end
        used[oldest], size = nil, size - 1
      end
    end
    used[key] = now
  end
  return hits, size
end

local function expect(name, found, expected)
  if found ~= expected then
    error(name .. " is " .. tostring(found) .. " and should be " .. tostring(expected), 0)
  end
end

local list = documents()
collectgarbage()
local begun = os.clock()
local index = index_of(list)
local words, postings, checksum
for _ = 1, PASSES do
  words, postings, checksum = walk(index)
end
local either, both = overlaps(index)
local hits, size = cache_hits()
local seconds = os.clock() - begun

local expected_words, expected_postings, expected_checksum = walk_expected(list)
local expected_hits, expected_size = cache_hits_expected()
expect("the number of words", words, expected_words)
expect("the number of postings", postings, expected_postings)
expect("the checksum", checksum, expected_checksum)
expect("the cache's hits", hits, expected_hits)
expect("the cache's size", size, expected_size)
-- Every word but the first and the last is in two pairs: |a or b| + |a and b| = |a| + |b|.
local ends = 0
do
  local sizes = {}
  for _, holders in iterate(index:values()) do
    sizes[#sizes + 1] = holders.size
  end
  ends = sizes[1] + sizes[#sizes]
end
expect("the sum of unions and intersections", either + both, 2 * expected_postings - ends)
print(string.format("BASELINE_METRIC=%.6f", seconds))

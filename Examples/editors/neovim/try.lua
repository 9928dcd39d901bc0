-- What try.sh has Neovim do: each step is waited for, and what does not come ends it with an error.
vim.g.stepgraph_command = os.getenv('STEPGRAPH_COMMAND')
vim.cmd('luafile ' .. os.getenv('STEPGRAPH_SETTINGS'))

local function fail(text)
  io.stderr:write('not as it should be: ' .. text .. '\n')
  vim.cmd('cquit 1')
end

local function wait(what, condition)
  if not vim.wait(10000, condition, 20) then fail(what) end
  io.stdout:write(what .. '\n')
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

local function request(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, 10000)
  for _, answer in pairs(answers or {}) do
    if answer.error then fail(method .. ': ' .. answer.error.message) end
    return answer.result
  end
  fail(method .. ' has no answer')
end

local function encoding()
  for _, client in pairs(vim.lsp.buf_get_clients(0)) do return client.offset_encoding end
end

local function apply(edit)
  vim.lsp.util.apply_workspace_edit(edit, encoding())
end

local function try()
  vim.bo.filetype = 'yaml'
  wait('the server has started', function() return next(vim.lsp.buf_get_clients(0)) ~= nil end)
  wait('it tells the problems', function() return #vim.diagnostic.get(0) == 2 end)
  local problem = vim.diagnostic.get(0, { lnum = 3 })[1]
  if problem.col ~= 16 or not problem.message:find("there is no node type 'EmptyLaten'", 1, true) then
    fail(vim.inspect(problem))
  end

  -- A wire.
  vim.api.nvim_win_set_cursor(0, { 6, lines()[6]:find('latent: }', 1, true) + 7 })
  local position = vim.lsp.util.make_position_params(0, encoding())
  local list = request('textDocument/completion', position)
  local wire
  for _, item in ipairs(list.items) do if item.label == 'part' then wire = item end end
  if not wire then fail('no wire is offered: ' .. vim.inspect(list)) end
  vim.lsp.util.apply_text_edits({ wire.textEdit }, 0, encoding())
  wait('a wire is completed', function() return lines()[6]:find('latent: part', 1, true) ~= nil end)

  -- A quick fix.
  local range = { start = { line = 3, character = 16 }, ['end'] = { line = 3, character = 26 } }
  local actions = request('textDocument/codeAction', {
    textDocument = vim.lsp.util.make_text_document_params(), range = range, context = { diagnostics = {} } })
  if #actions ~= 1 then fail('fixes: ' .. vim.inspect(actions)) end
  apply(actions[1].edit)
  wait('a quick fix is applied', function() return lines()[4] == '  start: {node: EmptyLatent}' end)
  wait('no problem is left', function() return #vim.diagnostic.get(0) == 0 end)

  -- The output of the subgraph gets another name in both files.
  vim.cmd('silent write')
  vim.cmd('silent edit sub.yaml')
  vim.bo.filetype = 'yaml'
  wait('the other file is open', function() return next(vim.lsp.buf_get_clients(0)) ~= nil end)
  vim.api.nvim_win_set_cursor(0, { 2, 9 })
  local rename = vim.lsp.util.make_position_params(0, encoding())
  rename.newName = 'source'
  apply(request('textDocument/rename', rename))
  wait('a name is changed in this file', function()
    return lines()[2]:find('inputs: {source:', 1, true) ~= nil and lines()[4]:find('inputs.source', 1, true) ~= nil
  end)
  vim.cmd('silent wall')
  vim.cmd('silent edit main.yaml')
  wait('and in the one that calls it', function() return lines()[5]:find('in: {source: start}', 1, true) ~= nil end)
  wait('and nothing is wrong', function() return #vim.diagnostic.get(0) == 0 end)

  -- Formatting, where the server has it.
  for _, client in pairs(vim.lsp.buf_get_clients(0)) do
    local capabilities = client.server_capabilities or client.resolved_capabilities
    if capabilities.documentFormattingProvider then
      vim.api.nvim_buf_set_lines(0, 3, 4, false, { '  start:   {node:   EmptyLatent}' })
      local edits = request('textDocument/formatting', {
        textDocument = vim.lsp.util.make_text_document_params(), options = { tabSize = 2, insertSpaces = true } })
      vim.lsp.util.apply_text_edits(edits, 0, encoding())
      wait('the file is formatted', function() return lines()[4]:find('{node: EmptyLatent}', 1, true) ~= nil end)
    end
  end
  vim.cmd('silent wall')
  for _, client in pairs(vim.lsp.get_active_clients()) do client.stop() end
  wait('the server has ended', function() return #vim.lsp.get_active_clients() == 0 end)
end

local ok, message = xpcall(try, debug.traceback)
if not ok then fail(message) end
vim.cmd('qall!')

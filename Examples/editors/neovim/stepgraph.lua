-- Starts stepgraph's language server for YAML files; it leaves those alone that are no workflows.
local group = vim.api.nvim_create_augroup('stepgraph', {})
local clients = {}

local function root_of(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  local folder = vim.fn.fnamemodify(name, ':p:h')
  local git = vim.fn.finddir('.git', folder .. ';')
  return git ~= '' and vim.fn.fnamemodify(git, ':p:h:h') or folder
end

vim.api.nvim_create_autocmd('FileType', {
  group = group,
  pattern = 'yaml',
  callback = function(event)
    local root = root_of(event.buf)
    if not clients[root] then
      clients[root] = vim.lsp.start_client {
        name = 'stepgraph',
        cmd = { vim.g.stepgraph_command or 'stepgraph', 'lsp' },
        root_dir = root,
        workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
        on_exit = function() clients[root] = nil end,
      }
    end
    if clients[root] then vim.lsp.buf_attach_client(event.buf, clients[root]) end
    vim.bo[event.buf].omnifunc = 'v:lua.vim.lsp.omnifunc'
  end,
})

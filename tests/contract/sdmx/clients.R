# What rsdmx, unmodified, reads at each root, as JSON by the names of calls in clients.py.
suppressMessages(library(rsdmx))
address <- paste0(commandArgs(TRUE)[2], "/2.1")
address_30 <- paste0(commandArgs(TRUE)[2], "/3.0")
key <- "D.DOWNLOADS.NO._T"
builder <- SDMXREST21RequestBuilder(regUrl = address, repoUrl = address, compliant = TRUE)
addSDMXServiceProvider(SDMXServiceProvider(agencyId = "P2PEU", name = "Police2Peer", builder = builder))

frame <- function(...) as.data.frame(readSDMX(..., logger = NULL))
cells <- function(...) {
  found <- frame(...)
  if (is.null(found)) return(structure(list(), names = character()))
  place <- apply(found[, c("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")], 1, paste, collapse = ".")
  as.list(setNames(as.integer(found$OBS_VALUE), place))
}
structure_of <- function(id) {
  found <- readSDMX(providerId = "P2PEU", resource = "datastructure", resourceId = id, logger = NULL)
  as.data.frame(slot(found, "codelists"), codelistId = "CL_FREQ")$id
}
failing <- function(call) tryCatch({ call; "nothing" }, error = function(error) paste("raises", class(error)[1]))

at_21 <- list(
  'readSDMX(providerId, resource = "dataflow")' = frame(providerId = "P2PEU", resource = "dataflow")$id,
  'readSDMX(providerId, resource = "datastructure", resourceId = "DSD_P2P")' = structure_of("DSD_P2P"),
  'readSDMX("…/codelist/P2PEU/CL_FREQ")' = frame(paste0(address, "/codelist/P2PEU/CL_FREQ"))$id,
  'readSDMX(providerId, resource = "data", flowRef = "P2P", key, start, end)' = cells(
    providerId = "P2PEU", resource = "data", flowRef = "P2P", key = list("D", "DOWNLOADS", c("NO", "SE"), "_T"),
    start = "2026-11-01", end = "2026-11-03"
  ),
  'readSDMX(providerId, resource = "data", flowRef = "P2P", key, dsd = TRUE)' = cells(
    providerId = "P2PEU", resource = "data", flowRef = "P2P", key = key, key.mode = "SDMX", dsd = TRUE
  ),
  "readSDMX(url)  # no data" = cells(paste0(address, "/data/P2P/A..."))
)
at_30 <- list(
  "readSDMX(url)" = cells(paste0(address_30, "/data/dataflow/P2PEU/P2P/1.0.0/", key)),
  "readSDMX(url)  # no data" = cells(paste0(address_30, "/data/dataflow/P2PEU/P2P/1.0.0/A")),
  'readSDMX("…/structure/dataflow")' = failing(readSDMX(paste0(address_30, "/structure/dataflow"), logger = NULL))
)
cat(jsonlite::toJSON(list(`2.1` = at_21, `3.0` = at_30), auto_unbox = TRUE, na = "null", null = "null"), "\n")

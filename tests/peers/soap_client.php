<?php
// PHP's SoapClient, made from the WSDL at the URL given: one line of JSON of what it got.
ini_set('soap.wsdl_cache_enabled', '0');
$client = new SoapClient($argv[1], ['exceptions' => true, 'connection_timeout' => 10]);
$placed = $client->PlaceOrder(['Customer' => 'Jürgen & Söhne', 'Line' => [
    ['Sku' => 'A100', 'Quantity' => 2, 'UnitPrice' => '19.90'],
    ['Sku' => 'B200', 'Quantity' => 1, 'UnitPrice' => '5'],
]]);
$found = $client->FindOrder(['OrderNumber' => 'SO-1']);
$faults = [];
foreach (['FindOrder' => ['OrderNumber' => 'missing'], 'FallOver' => []] as $operation => $arguments) {
    try {
        $client->$operation($arguments);
        $faults[] = null;
    } catch (SoapFault $fault) {
        $faults[] = ['code' => $fault->faultcode, 'text' => $fault->faultstring];
    }
}
echo json_encode(['placed' => $placed, 'found' => $found, 'faults' => $faults]), "\n";
